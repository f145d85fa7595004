import { deciles } from './deciles.js';
import { deepchecks } from './deepchecks.js';
import { evidently } from './evidently.js';
import { frouros } from './frouros.js';
import { nannyml } from './nannyml.js';
import { tfdv } from './tfdv.js';
import { whylogs } from './whylogs.js';

export { type BinRule, binEdges, histogram } from './bins.js';

/**
 * Scores of other tools, number for number, so that thresholds can be carried over, compared, and left behind. Each has the
 * tool's own threshold, and its faults: how often each alarms for nothing is measured by
 * `npx tsx --conditions=@millwright/source packages/drift/bench/size.ts`.
 */
export const peers = { ...evidently, ...nannyml, ...tfdv, ...whylogs, ...frouros, ...deepchecks, ...deciles } as const;
