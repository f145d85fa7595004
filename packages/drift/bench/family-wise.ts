import { quietRuns } from '../test/monitor/quiet.js';

/** False alarms of a monitor of 200 quiet columns over 30 windows, at α = 5 % for all of them together. */
const runs = Number(process.env['MILLWRIGHT_QUIET_RUNS'] ?? 400);
const { alarmed, windows, atFive, unadjusted, checks } = quietRuns(runs, 1);
const share = (part: number, of: number) => `${part} of ${of} (${((100 * part) / of).toFixed(2)} %)`;
console.log('seed 1, 200 columns, 30 windows of 100 rows, no margins');
console.log(`runs with any alarm: ${share(alarmed, runs)}, at most 5 % promised`);
console.log(`windows with an adjusted p-value of 5 % or less: ${share(atFive, windows)}`);
console.log(`single p-values of 5 % or less, each an alarm without adjustment: ${share(unadjusted, checks)}`);
const limit = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs);
process.exitCode = alarmed / runs > limit ? 1 : 0;
