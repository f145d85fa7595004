/**
 * For engines that check tables where they lie, such as a database: they plan as `validate` does, find the parts of
 * states in their own way, and let `createValidator` merge and judge them.
 */
export type { Settled } from './bind.js';
export { createKeys } from './checks/keys.js';
export type { RowPart } from './checks/row-state.js';
export type { ColumnSchema, Schema } from './context.js';
export { type Node, parsePattern } from './pattern/syntax.js';
export { type PlannedCheck, planChecks } from './plan.js';
export { sampleRow } from './slots.js';
export { timeOf } from './text.js';
