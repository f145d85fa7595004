export type * from './html-report/model.js';
export { type RenderOptions, renderReport } from './html-report/page.js';
