import { type Random, seededRandom } from '@millwright/core';
import { asymptoticHalfWidth, harmOdds } from '@millwright/core/statistics';
import {
  defineRollout,
  type EpochStatistics,
  type MetricSpec,
  type RolloutDefinition,
  type RolloutSpec,
} from '../../src/rollout/index.js';
import { HARM_GRID, weigh } from '../../src/rollout/judge.js';

type LabMetric = MetricSpec & { readonly margin: { readonly relative: number } };

/** What is played: metrics, how often each happens on an ordinary day, and the rollout that judges them. */
export interface Scenario {
  readonly metrics: readonly LabMetric[];
  readonly rates: readonly number[];
  /** Time is counted in looks, of which there are 240. All stated errors are 5 %, unevenness 1 %. */
  readonly ramp: RolloutDefinition;
  /** The same, with guardrails that leave a challenger at its margin alone, so that promotions can be counted. */
  readonly tolerant: RolloutDefinition;
}

function scenario({ metrics, rates }: Pick<Scenario, 'metrics' | 'rates'>, stages?: RolloutSpec['stages']): Scenario {
  const alpha = { rollback: 0.05, promotion: 0.05 };
  const ramp = defineRollout({ challenger: 'm@2', stages, minDwell: 24, minUnits: 50, alpha, metrics });
  const tolerantly = ramp.metrics.map((metric) => ({ ...metric, rollBackWhen: 'beyondMargin' as const }));
  return { metrics, rates, ramp, tolerant: { ...ramp, metrics: tolerantly } };
}

/** The ramp 1-5-25-50 % and the rates on which the default bets were chosen. */
export const SHOP = scenario({
  metrics: [
    { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } },
    { id: 'slow', kind: 'latency', slo: 50, better: 'lower', margin: { relative: 0.25 } },
    { id: 'converted', kind: 'event', better: 'higher', margin: { relative: 0.1 } },
    { id: 'wrong', kind: 'event', better: 'lower', margin: { relative: 0.1 } },
  ],
  rates: [0.01, 0.05, 0.1, 0.2],
});

/** Nothing was chosen on this one: rarer failures, wider and narrower margins, another ramp. */
export const CLINIC = scenario(
  {
    metrics: [
      { id: 'crashed', kind: 'event', better: 'lower', margin: { relative: 1 } },
      { id: 'slow', kind: 'latency', slo: 50, better: 'lower', margin: { relative: 0.5 } },
      { id: 'answered', kind: 'event', better: 'higher', margin: { relative: 0.07 } },
      { id: 'missed', kind: 'event', better: 'lower', margin: { relative: 0.2 } },
    ],
    rates: [0.003, 0.02, 0.2, 0.08],
  },
  ['2%', '10%', '40%'],
);

/**
 * By metric, what a challenger multiplies everybody's rate by that is exactly at the margin of one metric and so much better
 * in all others that they are proved soon: whether it is promoted depends on the one alone.
 */
export function atMarginOf({ metrics }: Scenario, metric: number): readonly number[] {
  return metrics.map(({ better, margin }, i) => {
    if (i === metric) return better === 'lower' ? 1 + margin.relative : 1 - margin.relative;
    return better === 'lower' ? 0.5 : 1.5;
  });
}

const LOOKS = 240;

/**
 * People who use a service: a few come very often (Pareto, shape 1.1), and each has habits of their own that stay
 * (rates between a fourth of and four times the ordinary one), so that requests of one person are alike.
 */
export interface Crowd {
  /** Draws who comes next. */
  next(random: Random): number;
  readonly size: number;
  /** By person and metric, the factor of the ordinary rate. */
  readonly habits: Float64Array;
}

export function crowd(size: number, seed: number): Crowd {
  const random = seededRandom(seed);
  const weights = Float64Array.from({ length: size }, () => Math.min(2_000, (1 - random.next()) ** (-1 / 1.1)));
  const total = weights.reduce((a, b) => a + b, 0);
  const habits = Float64Array.from({ length: size * 4 }, () => 4 ** (2 * random.next() - 1));
  // Vose's alias table: one draw per request, whatever the weights.
  const keep = weights.map((w) => (w * size) / total);
  const alias = new Int32Array(size);
  const small: number[] = [];
  const large: number[] = [];
  for (const [i, p] of keep.entries()) (p < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const low = small.pop()!;
    const high = large.at(-1)!;
    alias[low] = high;
    keep[high] = keep[high]! - (1 - keep[low]!);
    if (keep[high] < 1) small.push(large.pop()!);
  }
  for (const i of [...small, ...large]) keep[i] = 1;
  return {
    size,
    habits,
    next(source) {
      const at = source.next() * size;
      const column = Math.floor(at);
      return at - column < keep[column]! ? column : alias[column]!;
    },
  };
}

export interface RampResult {
  readonly end: 'rollBack' | 'pause' | 'promote' | 'hold';
  /** Requests until the end. */
  readonly requests: number;
  /** What others would have said of the errors at some look: pooled over stages, request by request. */
  readonly naive: Readonly<Record<'z' | 'threshold' | 'asymptotic', boolean>>;
}

export interface RampOptions {
  readonly scenario?: Scenario;
  /** Default: the scenario's `ramp`. */
  readonly definition?: RolloutDefinition;
  /** By metric, what the challenger multiplies everybody's rate by. */
  readonly factors?: readonly number[];
  readonly requestsPerLook?: number;
  /** Part of the challenger's rows that never arrive, as with a broken logger. */
  readonly lostRecords?: number;
  /** Plays on to the last look although a verdict has fallen, so that others are judged on as much. */
  readonly toTheEnd?: boolean;
}

/**
 * One rollout of 240 looks: ramp by the judge's own verdicts, base rates that swing by half, units routed by a hash that
 * is new in every run, one row per unit and epoch. Judged by the real judge from sums.
 */
export function playRamp(people: Crowd, random: Random, options: RampOptions = {}): RampResult {
  const { scenario: played = SHOP, requestsPerLook = 500, toTheEnd = false, lostRecords = 0 } = options;
  const { definition = played.ramp, factors = [1, 1, 1, 1] } = options;
  const salt = Math.floor(random.next() * 2 ** 32);
  const seenIn = new Uint8Array(people.size);
  const epochs: EpochStatistics[] = [];
  const phase = random.next() * 2 * Math.PI;
  const pooled = { n: [0, 0], x: [0, 0] };
  const naive = { z: false, threshold: false, asymptotic: false };
  let end: RampResult['end'] = 'hold';
  let requests = 0;
  let stage = 0;
  let entered = 0;
  let cells = openEpoch(played, 1, definition.stages[0]!.share, epochs);
  const rates = new Float64Array(4);
  for (let look = 1; look <= LOOKS; look++) {
    const { share } = definition.stages[stage]!;
    const swing = 1 + 0.5 * Math.sin(phase + look / 30);
    for (let m = 0; m < 4; m++) rates[m] = played.rates[m]! * swing;
    for (let i = 0; i < requestsPerLook; i++) {
      const person = people.next(random);
      const arm = hashOf(person, salt) < share * 2 ** 32 ? 1 : 0;
      const failed = random.next() < rates[0]! * people.habits[person * 4]! * (arm === 1 ? factors[0]! : 1);
      pooled.n[arm]!++;
      if (failed) pooled.x[arm]!++;
      if (seenIn[person] === stage + 1) continue;
      seenIn[person] = stage + 1;
      if (lostRecords > 0 && arm === 1 && random.next() < lostRecords) continue;
      cells.exposures[arm]++;
      if (failed) cells.sums[0]![arm]++;
      for (let m = 1; m < 4; m++) {
        const rate = rates[m]! * people.habits[person * 4 + m]! * (arm === 1 ? factors[m]! : 1);
        if (random.next() < rate) cells.sums[m]![arm]++;
      }
    }
    judgeOthers(pooled, played.rates[0]!, naive);
    if (end !== 'hold') continue;
    requests += requestsPerLook;
    const { verdict } = weigh(definition, epochs, { stage, epoch: stage + 1, dwellMs: look - entered });
    if (verdict === 'advance') {
      stage++;
      entered = look;
      cells = openEpoch(played, stage + 1, definition.stages[stage]!.share, epochs);
    } else if (verdict !== 'hold') {
      end = verdict;
      if (!toTheEnd) break;
    }
  }
  return { end, requests, naive };
}

/**
 * The same rollout when every request is of somebody new: rows then are independent, and counts are drawn at once, so that
 * many more units can be played.
 */
export function playUnits(random: Random, options: RampOptions = {}): Omit<RampResult, 'naive'> {
  const { scenario: played = SHOP, factors = [1, 1, 1, 1], requestsPerLook = 400, lostRecords = 0 } = options;
  const { definition = played.ramp } = options;
  const epochs: EpochStatistics[] = [];
  const phase = random.next() * 2 * Math.PI;
  let stage = 0;
  let entered = 0;
  let cells = openEpoch(played, 1, definition.stages[0]!.share, epochs);
  for (let look = 1; look <= LOOKS; look++) {
    const { share } = definition.stages[stage]!;
    const swing = 1 + 0.5 * Math.sin(phase + look / 30);
    const challenged = binomial(requestsPerLook, share, random);
    for (const arm of [0, 1] as const) {
      const units = arm === 1 ? challenged - binomial(challenged, lostRecords, random) : requestsPerLook - challenged;
      cells.exposures[arm] += units;
      for (let m = 0; m < 4; m++) {
        const rate = played.rates[m]! * swing * (arm === 1 ? factors[m]! : 1);
        cells.sums[m]![arm] += binomial(units, rate, random);
      }
    }
    const { verdict } = weigh(definition, epochs, { stage, epoch: stage + 1, dwellMs: look - entered });
    if (verdict === 'advance') {
      stage++;
      entered = look;
      cells = openEpoch(played, stage + 1, definition.stages[stage]!.share, epochs);
    } else if (verdict !== 'hold') return { end: verdict, requests: look * requestsPerLook };
  }
  return { end: 'hold', requests: LOOKS * requestsPerLook };
}

/** Successes of n trials, by the gaps between them. */
function binomial(n: number, p: number, random: Random): number {
  if (p === 0) return 0;
  const step = Math.log1p(-p);
  let count = -1;
  for (let at = 0; at <= n; count++) at += 1 + Math.floor(Math.log1p(-random.next()) / step);
  return count;
}

interface OpenEpoch {
  readonly exposures: [number, number];
  /** Events by metric and arm. */
  readonly sums: readonly [number, number][];
}

/** Sums that are counted up in place and read by the judge as they are. */
function openEpoch({ metrics: specs }: Scenario, epoch: number, share: number, epochs: EpochStatistics[]): OpenEpoch {
  const exposures: [number, number] = [0, 0];
  const sums = specs.map((): [number, number] => [0, 0]);
  const metrics = specs.map(({ id }, m) => [id, { rows: exposures, missing: [0, 0] as const, sum: sums[m]! }]);
  epochs.push({ epoch, share, exposures, metrics: Object.fromEntries(metrics) });
  return { exposures, sums };
}

/** murmur3's finaliser: as good a hash of small integers as routing has of texts. */
function hashOf(person: number, salt: number): number {
  let h = Math.imul(person + 1, 0x9e3779b1) ^ salt;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What is usually done with the pooled totals, each at 5 %, one-sided; the threshold allows twice the ordinary error rate. */
function judgeOthers(
  { n, x }: { readonly n: readonly number[]; readonly x: readonly number[] },
  usual: number,
  struck: { z: boolean; threshold: boolean; asymptotic: boolean },
): void {
  const [n0, n1] = [n[0]!, n[1]!];
  if (n1 < 30) return;
  const [p0, p1] = [x[0]! / n0, x[1]! / n1];
  const pooled = (x[0]! + x[1]!) / (n0 + n1);
  struck.z ||= (p1 - p0) / Math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1)) > 1.645;
  struck.threshold ||= p1 > 2 * usual;
  const share = n1 / (n0 + n1);
  const variance = (p0 * (1 - p0)) / (1 - share) + (p1 * (1 - p1)) / share;
  const half = asymptoticHalfWidth(n0 + n1, variance, { alpha: 0.05, expectedUnits: 60_000, sides: 'one' });
  struck.asymptotic ||= p1 - p0 > half;
}

/** Errors at a constant share that are to be found. */
export interface Detection {
  readonly share: number;
  /** Of the champion's requests that fail. */
  readonly rate: number;
  /** How many times as often the challenger's do. */
  readonly ratio: number;
}

/**
 * Requests until an error ratio is found, looked at after every error; `limit` when it is not. Between errors E cannot
 * grow, so that only errors are drawn.
 */
export function requestsToDetect({ share, rate, ratio }: Detection, random: Random, limit: number): number {
  const overall = rate * (1 - share + share * ratio);
  const toChallenger = (share * ratio) / (1 - share + share * ratio);
  const threshold = -Math.log(0.05);
  let requests = 0;
  let challenger = 0;
  for (let total = 1; ; total++) {
    requests += Math.ceil(Math.log(1 - random.next()) / Math.log(1 - overall));
    if (requests >= limit) return limit;
    if (random.next() >= toChallenger) continue;
    challenger++;
    if (detectionOdds([{ share, challenger, total }]) >= threshold) return requests;
  }
}

const detectionOdds = harmOdds(1, HARM_GRID);

/** Requests that a test planned for the ratio needs: one-sided 5 %, power 80 %. */
export function fixedHorizon({ share, rate, ratio }: Detection): number {
  const [p0, p1] = [rate, rate * ratio];
  const variance = (p1 * (1 - p1)) / share + (p0 * (1 - p0)) / (1 - share);
  return (variance * (1.6448536 + 0.8416212) ** 2) / (p1 - p0) ** 2;
}
