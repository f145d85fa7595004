export type { Denial, ModelChange, ModelFacts } from './commands.js';
export type { EvidenceLike } from './evidence.js';
export type { ApprovalRequest, Because, Models, MoveOptions, NewVersion } from './models.js';
export type { Policies, StoredPolicy } from './policies.js';
export {
  type AliasPolicy,
  type ApprovalRequirement,
  type EvidenceRequirement,
  type Judgement,
  judgeMove,
  type MetricBound,
  type ModelPolicy,
  type MoveFacts,
} from './policy.js';
export type { MetricRange, ModelFilter, Page, PageOptions, VersionFilter } from './search.js';
export { type ModelsState, modelsProjection } from './state.js';
export type {
  AliasRecord,
  Approval,
  Evidence,
  EvidenceMetric,
  ModelVersion,
  RegisteredModel,
  RiskClass,
  Stage,
} from './types.js';
