import { gateQuality, SCENARIOS, type Scenario } from '../test/evaluation/gate-quality.js';

/** How often a gate errs, 20,000 runs per scenario (or as many as the first argument says), beside point-estimate gates. */
const runs = Number(process.argv[2] ?? 20_000);
const percent = (count: number) => `${((100 * count) / runs).toFixed(2)} %`;
const start = performance.now();
for (const scenario of Object.keys(SCENARIOS) as Scenario[]) {
  const { promoted, blocked, metricRose, someSliceFell } = gateQuality(scenario, runs, 20_261);
  console.log(
    `${scenario}: promoted ${percent(promoted)}, blocked ${percent(blocked)}; "the metric rose" promotes ${percent(metricRose)}, "some slice fell" blocks ${percent(someSliceFell)}`,
  );
}
console.log(`${runs} runs of each, seed 20261, ${((performance.now() - start) / 1_000).toFixed(0)} s`);
