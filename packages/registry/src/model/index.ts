export type { Denial } from './alias-commands.js';
export type { ModelChange, ModelFacts } from './commands.js';
export type { EvidenceLike } from './evidence.js';
export type { ApprovalRequest, Because, ImportOptions, Models, MoveOptions, NewVersion } from './models.js';
export type { VersionOrigin, VersionPassport } from './passport.js';
export type { Policies, StoredPolicy } from './policies.js';
export {
  type AliasPolicy,
  type ApprovalRequirement,
  type ChangePlan,
  type EvidenceRequirement,
  type Judgement,
  judgeMove,
  type MetricBound,
  type ModelPolicy,
  type MoveFacts,
  type VersionChange,
} from './policy.js';
export { modelsProjection } from './projection.js';
export type {
  MetricOrder,
  MetricRange,
  ModelFilter,
  Page,
  PageOptions,
  VersionFilter,
  VersionPageOptions,
} from './search.js';
export type { IgnoredEvent, ModelsState } from './state.js';
export type {
  AliasRecord,
  Approval,
  Deletion,
  Evidence,
  EvidenceMetric,
  ModelVersion,
  RegisteredModel,
  RiskClass,
  Stage,
} from './types.js';
