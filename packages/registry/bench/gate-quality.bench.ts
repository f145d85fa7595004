import { gateQuality, SCENARIOS } from '../test/evaluation/gate-quality.js';

/** How often a gate errs, 20,000 runs per scenario (or as many as the first argument says), beside point-estimate gates. */
const runs = Number(process.argv[2] ?? 20_000);
const percent = (count: number) => `${((100 * count) / runs).toFixed(2)} %`;
for (const scenario of Object.keys(SCENARIOS) as (keyof typeof SCENARIOS)[]) {
  const { promoted, blocked, metricRose, someSliceFell } = gateQuality(scenario, runs, 20_261);
  console.log(
    `${scenario}: promoted ${percent(promoted)}, blocked ${percent(blocked)}; "the metric rose" promotes ${percent(metricRose)}, "some slice fell" blocks ${percent(someSliceFell)}`,
  );
}
