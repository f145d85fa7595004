import { seededRandom } from '@millwright/core';
import { FEW_BUYERS, MANY_BUYERS, playRevenue } from '../test/support/revenue-lab.js';
import {
  atMarginOf,
  CLINIC,
  crowd,
  fixedHorizon,
  playRamp,
  playUnits,
  type RampOptions,
  type RampResult,
  requestsToDetect,
  SHOP,
} from '../test/support/rollout-lab.js';

/**
 * Error rates at full size, seeded: MILLWRIGHT_RUNS=10000 npm run bench -- serving/simulation (default 1,000; MILLWRIGHT_PARTS
 * names some of harmless, margin, strangers, detection, revenue, lost; MILLWRIGHT_SCENARIO=clinic plays the one that nothing
 * was chosen on). 120,000 requests of people who come again and again, 240 looks, four metrics, a ramp, base rates ± 50 %;
 * all stated errors are 5 %. Beside it what others would have said about the errors, request by request over the pooled
 * totals.
 */
const runs = Number(process.env['MILLWRIGHT_RUNS'] ?? 1_000);
const wanted = process.env['MILLWRIGHT_PARTS']?.split(',');
const part = (name: string) => wanted === undefined || wanted.includes(name);
const clinic = process.env['MILLWRIGHT_SCENARIO'] === 'clinic';
const scenario = clinic ? CLINIC : SHOP;
const market = clinic ? MANY_BUYERS : FEW_BUYERS;
/** The first is that of the plan; of the second scenario are rarer and more frequent errors, and other shares. */
const DETECTIONS = [
  { rate: 0.01, share: 0.05 },
  { rate: 0.001, share: 0.05 },
  { rate: 0.04, share: 0.05 },
  { rate: 0.01, share: 0.01 },
  { rate: 0.01, share: 0.2 },
];
const people = crowd(30_000, 1);
const line = (name: string, share: number, note = '') => {
  const error = Math.sqrt((share * (1 - share)) / runs);
  console.log(`${name.padEnd(64)} ${(100 * share).toFixed(2).padStart(6)} % ± ${(100 * error).toFixed(2)} ${note}`);
};
const quantile = (values: readonly number[], p: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * p)]!;

function play(seed: number, options: RampOptions, who = people) {
  const random = seededRandom(seed);
  const all: RampResult[] = Array.from({ length: runs }, () => playRamp(who, random, { scenario, ...options }));
  const share = (is: (one: RampResult) => boolean) => all.filter(is).length / runs;
  return { all, ended: (end: RampResult['end']) => share((one) => one.end === end), share };
}

console.log(`${runs} rollouts each, seeds 1 to 5, ${clinic ? 'clinic' : 'shop'}`);
if (part('harmless')) {
  const { ended, share } = play(1, { toTheEnd: true });
  console.log('No difference between the arms');
  line('  rolled back', ended('rollBack'));
  line('  paused for uneven arms (stated 1 %)', ended('pause'));
  line('  promoted', ended('promote'));
  line(
    '  z-test at each look would roll back',
    share(({ naive }) => naive.z),
  );
  line(
    '  fixed threshold of twice the usual rate',
    share(({ naive }) => naive.threshold),
  );
  line(
    '  asymptotic confidence sequence',
    share(({ naive }) => naive.asymptotic),
  );
}
if (part('margin')) {
  console.log('Exactly at the margin of one metric, much better in all others: promoted');
  scenario.metrics.forEach(({ id }, at) => {
    const factors = atMarginOf(scenario, at);
    line(`  ${id} times ${factors[at]}`, play(2, { definition: scenario.tolerant, factors }).ended('promote'));
  });
}
if (part('strangers')) {
  console.log('The same with 96,000 new people and short stages, so that margins come within reach: promoted');
  const { tolerant } = scenario;
  const definition = { ...tolerant, stages: tolerant.stages.map((stage) => ({ ...stage, minDwellMs: 4 })) };
  const promoted = (factors: readonly number[]) => {
    const random = seededRandom(2);
    const ends = Array.from({ length: runs }, () => playUnits(random, { scenario, definition, factors }).end);
    return ends.filter((end) => end === 'promote').length / runs;
  };
  line('  no difference (power)', promoted([1, 1, 1, 1]));
  scenario.metrics.forEach(({ id }, at) => {
    const factors = atMarginOf(scenario, at);
    line(`  ${id} times ${factors[at]}`, promoted(factors));
  });
}
if (part('detection')) console.log('Errors at a constant share, stated error 5 %: requests until they are found');
for (const { rate, share } of part('detection') ? (clinic ? DETECTIONS : DETECTIONS.slice(0, 1)) : [])
  for (const ratio of [2, 5]) {
    const random = seededRandom(3);
    const errors = { rate, share, ratio };
    const plan = fixedHorizon(errors);
    const requests = Array.from({ length: runs }, () => requestsToDetect(errors, random, 10 * plan));
    const median = quantile(requests, 0.5);
    const power = requests.filter((n) => n <= 2 * plan).length / runs;
    console.log(
      `  ${100 * rate} % at ${100 * share} %, times ${ratio}: median ${median}, plan ${Math.round(plan)}, ratio ${(median / plan).toFixed(3)}; found within two plans ${(100 * power).toFixed(1)} %`,
    );
  }
if (part('revenue')) console.log(`Revenue, 20,000 units looked at from the first: ${JSON.stringify(market)}`);
for (const conversion of part('revenue') ? [1, 0.6] : []) {
  const random = seededRandom(4);
  const all = Array.from({ length: runs }, () => playRevenue(conversion, random, { market }));
  const name = conversion === 1 ? '  no difference' : '  40 % fewer pay';
  line(`${name}: rolled back by rank betting`, all.filter(({ ours }) => ours).length / runs);
  line(`${name}: asymptotic confidence sequence`, all.filter(({ asymptotic }) => asymptotic).length / runs);
}
if (part('lost')) {
  const { all, ended } = play(5, { lostRecords: 0.1 }, crowd(200_000, 2));
  const requests = all.filter(({ end }) => end === 'pause').map((one) => one.requests);
  console.log("A tenth of the challenger's records lost");
  line('  paused for uneven arms', ended('pause'), `median after ${quantile(requests, 0.5)} requests`);
}
