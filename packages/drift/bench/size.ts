import { simulateSizes, sizeTable } from '../test/size/simulate.js';

/** How often each test alarms where nothing has changed, beside the rules of other tools on the same draws. */
const runs = Number(process.env['MILLWRIGHT_SIZE_RUNS'] ?? 10_000);
const large = Math.ceil(runs / 50);
// 142 sketches make 10,011 pairs.
const samples = Math.ceil((1 + Math.sqrt(1 + 8 * runs)) / 2);
const start = performance.now();
const facts = simulateSizes({ runs, largeRuns: large, sketched: [samples, samples], seed: 1 });
console.log(sizeTable(facts));
const ours = facts.filter((fact) => !fact.peer);
const tooLarge = ours.filter((fact) => fact.rate > fact.limit);
console.log(
  `\n${runs} runs per cell (numbers of 100,000 rows: ${large}; sketches: ${samples} samples, all pairs), seed 1, ${((performance.now() - start) / 1000).toFixed(0)} s`,
);
console.log(`${ours.length} cells of ours, ${tooLarge.length} above 5 % + 3 standard errors`);
for (const { rule, data, rows, rate, limit } of tooLarge)
  console.log(`  ${rule}, ${data}, ${rows}: ${rate} > ${limit}`);
process.exitCode = tooLarge.length > 0 ? 1 : 0;
