import { seededRandom } from '@millwright/core';
import {
  crowd,
  fixedHorizon,
  METRICS,
  playRamp,
  playRevenue,
  type RampOptions,
  type RampResult,
  requestsToDetect,
  TOLERANT,
} from '../test/support/rollout-lab.js';

/**
 * Error rates at full size, seeded: MILLWRIGHT_RUNS=10000 npm run bench -- serving/simulation (default 1,000). 120,000
 * requests of people who come again and again, 240 looks, four metrics, 1-5-25-50 %, base rates ± 50 %; all stated
 * errors are 5 %. Beside it what others would have said about the errors, request by request over the pooled totals.
 */
const runs = Number(process.env['MILLWRIGHT_RUNS'] ?? 1_000);
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
{
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
console.log('Exactly at the margin: promoted');
METRICS.forEach(({ id, better, margin }, at) => {
  const factor = 1 + (better === 'lower' ? 1 : -1) * margin.relative;
  const factors = METRICS.map((_, metric) => (metric === at ? factor : 1));
  line(`  ${id} times ${factor}`, play(2, { definition: TOLERANT, factors }).ended('promote'));
});
console.log('Errors 1 % at a 5 % share, stated error 5 %: requests until they are found');
for (const ratio of [2, 5]) {
  const random = seededRandom(3);
  const plan = fixedHorizon(ratio);
  const requests = Array.from({ length: runs }, () => requestsToDetect(ratio, random, 10 * plan));
  const median = quantile(requests, 0.5);
  const power = requests.filter((n) => n <= 2 * plan).length / runs;
  console.log(
    `  times ${ratio}: median ${median}, plan ${Math.round(plan)}, ratio ${(median / plan).toFixed(3)}; found within two plans ${(100 * power).toFixed(1)} %`,
  );
}
console.log('Revenue, lognormal with σ 1.5, one in twenty pays, 10 % share, 20,000 units looked at from the first');
for (const conversion of [1, 0.6]) {
  const random = seededRandom(4);
  const all = Array.from({ length: runs }, () => playRevenue(conversion, random));
  const name = conversion === 1 ? '  no difference' : '  40 % fewer pay';
  line(`${name}: rolled back by rank betting`, all.filter(({ ours }) => ours).length / runs);
  line(`${name}: asymptotic confidence sequence`, all.filter(({ asymptotic }) => asymptotic).length / runs);
}
{
  const { all, ended } = play(5, { lostRecords: 0.1 }, crowd(200_000, 2));
  const requests = all.filter(({ end }) => end === 'pause').map((one) => one.requests);
  console.log("A tenth of the challenger's records lost");
  line('  paused for uneven arms', ended('pause'), `median after ${quantile(requests, 0.5)} requests`);
}
