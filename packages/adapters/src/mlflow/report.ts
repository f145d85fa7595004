/** What was done, or with `dryRun` what would be, in order. */
export interface MlflowReport {
  readonly steps: readonly MlflowStep[];
}

/** What became of one model, version or alias on its way over. */
export interface MlflowStep {
  readonly what: 'model' | 'version' | 'alias';
  /** As it is called where it comes from: `fraud@3`, `fraud/champion`. */
  readonly from: string;
  /** As it is called where it goes to; undefined when it does not. */
  readonly to: string | undefined;
  /** `kept`: it is there already. `refused`: it was left out, and `why` says for which reason. */
  readonly outcome: 'made' | 'kept' | 'refused';
  readonly why?: string | undefined;
}

/** The tags that tie a version of MLflow to ours. */
export const TAG = {
  version: 'millwright.version',
  artifact: 'millwright.artifact',
  ledger: 'millwright.ledger',
  metric: 'millwright.metric.',
  madeBy: 'millwright.run',
  /** On our side. */
  server: 'mlflow.server',
  name: 'mlflow.name',
  number: 'mlflow.version',
  run: 'mlflow.run',
} as const;
