export { decisionEvents, decisionNode, type TriggeredRecord } from './ledger.js';
export { acknowledge, type CheckedPolicy, checkPolicy, QUIET, reduceTrigger } from './reduce.js';
export type * from './types.js';
