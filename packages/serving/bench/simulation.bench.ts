import { seededRandom } from '@millwright/core';
import {
  atMarginOf,
  crowd,
  fixedHorizon,
  METRICS,
  playRamp,
  playRevenue,
  playUnits,
  type RampOptions,
  type RampResult,
  requestsToDetect,
  TOLERANT,
} from '../test/support/rollout-lab.js';

/**
 * Error rates at full size, seeded: MILLWRIGHT_RUNS=10000 npm run bench -- serving/simulation (default 1,000; MILLWRIGHT_PARTS
 * names some of harmless, margin, strangers, detection, revenue, lost). 120,000
 * requests of people who come again and again, 240 looks, four metrics, 1-5-25-50 %, base rates ± 50 %; all stated
 * errors are 5 %. Beside it what others would have said about the errors, request by request over the pooled totals.
 */
const runs = Number(process.env['MILLWRIGHT_RUNS'] ?? 1_000);
const wanted = process.env['MILLWRIGHT_PARTS']?.split(',');
const part = (name: string) => wanted === undefined || wanted.includes(name);
const people = crowd(30_000, 1);
const line = (name: string, share: number, note = '') => {
  const error = Math.sqrt((share * (1 - share)) / runs);
  console.log(`${name.padEnd(64)} ${(100 * share).toFixed(2).padStart(6)} % ± ${(100 * error).toFixed(2)} ${note}`);
};
const quantile = (values: readonly number[], p: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * p)]!;

function play(seed: number, options: RampOptions, who = people) {
  const random = seededRandom(seed);
  const all: RampResult[] = Array.from({ length: runs }, () => playRamp(who, random, options));
  const share = (is: (one: RampResult) => boolean) => all.filter(is).length / runs;
  return { all, ended: (end: RampResult['end']) => share((one) => one.end === end), share };
}

console.log(`${runs} rollouts each, seeds 1 to 5`);
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
  METRICS.forEach(({ id }, at) => {
    const factors = atMarginOf(at);
    line(`  ${id} times ${factors[at]}`, play(2, { definition: TOLERANT, factors }).ended('promote'));
  });
}
if (part('strangers')) {
  console.log('The same with 96,000 new people and short stages, so that margins come within reach: promoted');
  const definition = { ...TOLERANT, stages: TOLERANT.stages.map((stage) => ({ ...stage, minDwellMs: 4 })) };
  const promoted = (factors: readonly number[]) => {
    const random = seededRandom(2);
    const ends = Array.from({ length: runs }, () => playUnits(random, { definition, factors }));
    return ends.filter((end) => end === 'promote').length / runs;
  };
  line('  no difference (power)', promoted([1, 1, 1, 1]));
  METRICS.forEach(({ id }, at) => {
    line(`  ${id} times ${atMarginOf(at)[at]}`, promoted(atMarginOf(at)));
  });
}
if (part('detection')) console.log('Errors 1 % at a 5 % share, stated error 5 %: requests until they are found');
for (const ratio of part('detection') ? [2, 5] : []) {
  const random = seededRandom(3);
  const plan = fixedHorizon(ratio);
  const requests = Array.from({ length: runs }, () => requestsToDetect(ratio, random, 10 * plan));
  const median = quantile(requests, 0.5);
  const power = requests.filter((n) => n <= 2 * plan).length / runs;
  console.log(
    `  times ${ratio}: median ${median}, plan ${Math.round(plan)}, ratio ${(median / plan).toFixed(3)}; found within two plans ${(100 * power).toFixed(1)} %`,
  );
}
if (part('revenue'))
  console.log('Revenue, lognormal with σ 1.5, one in twenty pays, 10 % share, 20,000 units looked at from the first');
for (const conversion of part('revenue') ? [1, 0.6] : []) {
  const random = seededRandom(4);
  const all = Array.from({ length: runs }, () => playRevenue(conversion, random));
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
