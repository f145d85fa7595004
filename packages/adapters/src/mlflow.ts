export type { MlflowOptions } from './mlflow/client.js';
export { exportToMlflow, type MlflowExport } from './mlflow/export.js';
export { importFromMlflow, type MlflowImport } from './mlflow/import.js';
export type { MlflowReport, MlflowStep } from './mlflow/report.js';
export { type MlflowServeOptions, mlflowHandler } from './mlflow/serve.js';
