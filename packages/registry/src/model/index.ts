export type { Denial } from './command/alias-commands.js';
export type { EvidenceLike } from './command/evidence.js';
export type { ModelChange, ModelFacts } from './command/model-commands.js';
export type { Models } from './models.js';
export type { VersionPassport } from './passport.js';
export { type Judgement, judgeMove, type MoveFacts } from './policy/judge-move.js';
export type { Policies, StoredPolicy } from './policy/policies.js';
export type {
  AliasPolicy,
  ApprovalRequirement,
  ChangePlan,
  EvidenceRequirement,
  MetricBound,
  ModelPolicy,
  VersionChange,
} from './policy/policy.js';
export type {
  MetricOrder,
  MetricRange,
  ModelFilter,
  Page,
  PageOptions,
  VersionFilter,
  VersionPageOptions,
} from './query/search.js';
export type { ApprovalRequest, ImportOptions, MoveOptions, NewVersion, ReasonOptions } from './requests.js';
export { modelsProjection } from './state/projection.js';
export type { IgnoredEvent, ModelsState } from './state/types.js';
export type {
  AliasRecord,
  Approval,
  Deletion,
  Evidence,
  EvidenceMetric,
  ModelVersion,
  RegisteredModel,
  RiskClass,
  VersionOrigin,
  VersionStage,
} from './types.js';
