/**
 * Names for the inference of models that are not generative. OpenTelemetry has none yet (open-telemetry/semantic-conventions
 * issue 3420 asks for them): these are a draft, all of them are here, and `version` changes when one of them does.
 * Values are bounded: names of models, arms and statuses, a digest's first twelve digits. Never a unit.
 */
export const INFERENCE = {
  version: 'millwright-0.1',
  /** The span's name is this and the endpoint's. */
  span: 'predict',
  duration: 'ml.inference.duration',
  batchSize: 'ml.inference.batch.size',
  transitions: 'ml.rollout.transitions',
  attribute: {
    endpoint: 'ml.endpoint.name',
    model: 'ml.model.name',
    modelVersion: 'ml.model.version',
    modelDigest: 'ml.model.digest',
    arm: 'ml.arm',
    shadow: 'ml.shadow',
    status: 'ml.inference.status',
    decision: 'ml.decision.id',
    batch: 'ml.batch.size',
    executionProvider: 'ml.execution_provider',
    rollout: 'ml.rollout.id',
    rolloutEvent: 'ml.rollout.event',
    rolloutReason: 'ml.rollout.reason',
    errorType: 'error.type',
  },
} as const;

/** The event of a flag's evaluation, as OpenTelemetry's semantic conventions 1.37 and later have it. */
export const FLAG = {
  event: 'feature_flag.evaluation',
  attribute: {
    key: 'feature_flag.key',
    variant: 'feature_flag.result.variant',
    reason: 'feature_flag.result.reason',
    provider: 'feature_flag.provider.name',
    contextId: 'feature_flag.context.id',
    set: 'feature_flag.set.id',
    version: 'feature_flag.version',
  },
} as const;
