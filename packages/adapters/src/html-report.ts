export { type EvaluationSectionOptions, evaluationOf } from './html-report/from-evaluation.js';
export type * from './html-report/model.js';
export { type RenderOptions, renderReport } from './html-report/page.js';
