import { seededRandom } from '@millwright/core';
import { asymptoticHalfWidth } from '@millwright/core/statistics';
import { createObservations, defineRollout, judge, type MetricSpec, simulate } from '../src/rollout/index.js';

/**
 * Error rates at full size: `tsx … simulation.bench.ts [runs]`, default 2,000. First one metric under 240 looks beside what
 * is usually done, then whole rollouts with four metrics, drifting base rates and a ramp.
 */
const runs = Number(process.argv[2] ?? 2_000);
const line = (name: string, value: number) => {
  const error = Math.sqrt((value * (1 - value)) / runs);
  console.log(`${name.padEnd(62)} ${(100 * value).toFixed(2).padStart(6)} % ± ${(100 * error).toFixed(2)}`);
};

{
  const alpha = 0.05;
  const share = 0.05;
  const rate = 0.01;
  const definition = defineRollout({
    challenger: 'm@2',
    stages: [share],
    minDwell: 0,
    alpha: { rollback: alpha },
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } }],
  });
  const alarms = { ours: 0, z: 0, threshold: 0, asymptotic: 0 };
  const random = seededRandom(1);
  for (let run = 0; run < runs; run++) {
    const observations = createObservations(definition);
    observations.begin({ epoch: 1, share, references: {} });
    const struck = { ours: false, z: false, threshold: false, asymptotic: false };
    for (let look = 0; look < 240; look++) {
      for (let i = 0; i < 200; i++) {
        const cohort = observations.cohort(1, random.next() < share ? 1 : 0);
        observations.expose(cohort);
        observations.add(0, cohort, Number(random.next() < rate));
      }
      const statistics = observations.statistics();
      const { rows, sum } = statistics[0]!.metrics['errors']!;
      const [n0, n1] = rows;
      if (n1 < 30) continue;
      const [p0, p1] = [sum[0] / n0, sum[1] / n1];
      const pooled = (sum[0] + sum[1]) / (n0 + n1);
      struck.ours ||= judge(definition, statistics).verdict === 'rollBack';
      struck.z ||= (p1 - p0) / Math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1)) > 1.645;
      struck.threshold ||= p1 > 0.05;
      const variance = (p0 * (1 - p0)) / (1 - share) + (p1 * (1 - p1)) / share;
      const half = asymptoticHalfWidth(n0 + n1, variance, { alpha, expectedUnits: 24_000, sides: 'one' });
      struck.asymptotic ||= p1 - p0 > half;
    }
    for (const name of ['ours', 'z', 'threshold', 'asymptotic'] as const) alarms[name] += Number(struck[name]);
  }
  console.log(`No difference, 1 % errors, 5 % share, 240 looks, stated error ${100 * alpha} %: false rollbacks`);
  line('  conditional odds (ours)', alarms.ours / runs);
  line('  asymptotic confidence sequence', alarms.asymptotic / runs);
  line('  z-test at each look', alarms.z / runs);
  line('  fixed threshold of 5 %', alarms.threshold / runs);
}

{
  const metrics: readonly MetricSpec[] = [
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } },
    { id: 'slow', kind: 'latency', slo: 50, better: 'lower', margin: { relative: 0.25 } },
    { id: 'converted', kind: 'event', window: '6h', better: 'higher', margin: { relative: 0.1 } },
    { id: 'wrong', kind: 'label', window: '12h', better: 'lower', margin: { relative: 0.1 } },
  ];
  const base: Readonly<Record<string, number>> = { errors: 0.01, slow: 0.05, converted: 0.1, wrong: 0.2 };
  const definition = defineRollout({
    challenger: 'm@2',
    minDwell: '6h',
    minUnits: 50,
    minMatured: 20,
    maxDuration: '10d',
    alpha: { rollback: 0.05 },
    metrics,
  });
  const tolerant = {
    ...definition,
    metrics: definition.metrics.map((metric) => ({ ...metric, rollBackWhen: 'beyondMargin' as const })),
  };
  const play = (factors: Readonly<Record<string, number>>, spec = definition, lostChallenger = 0) => {
    const truth = Object.fromEntries(
      Object.entries(base).map(([id, rate]) => [id, { champion: rate, challenger: rate * (factors[id] ?? 1) }]),
    );
    const traffic = { unitsPerDay: 12_000, truth, drift: (day: number) => 1 + 0.5 * Math.sin(day), lostChallenger };
    return simulate(spec, traffic, { runs, seed: 2, looksPerDay: 24 });
  };
  console.log('Whole rollouts: 1-5-25-50 %, four metrics, base rates ± 50 %, 240 looks, stated errors 5 %');
  const same = play({});
  line('  no difference: rolled back', same.rolledBack);
  line('  no difference: promoted', same.promoted);
  for (const [id, factor] of Object.entries({ errors: 1.5, slow: 1.25, converted: 0.9, wrong: 1.1 }))
    line(`  ${id} exactly at its margin: promoted`, play({ [id]: factor }, tolerant).promoted);
  for (const [name, factors] of Object.entries({
    'errors x5': { errors: 5 },
    'errors x2': { errors: 2 },
    'converted -20 %': { converted: 0.8 },
  })) {
    const report = play(factors);
    line(`  ${name}: rolled back, median after ${report.medianUnits} units`, report.rolledBack);
  }
  const lost = play({}, definition, 0.1);
  line(`  10 % of the challenger's records lost: paused, median ${lost.medianUnits} units`, lost.paused);
}
