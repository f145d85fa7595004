import { invalidInput, type Random, seededRandom } from '@millwright/core';
import { adaptedShare, openingShare } from './adapt.js';
import type { RolloutDefinition, RolloutMetric } from './definition.js';
import type { RolloutVerdict } from './evidence.js';
import { weigh } from './judge.js';
import { type Arm, createObservations } from './observations.js';
import { referencesOf } from './statistics.js';

/** Traffic and truth to try a definition on. */
export interface SimulatedTraffic {
  readonly unitsPerDay: number;
  /** By metric and arm: a rate (binary), or a function that draws a value. */
  readonly truth: Readonly<Record<string, { readonly champion: Draw; readonly challenger: Draw }>>;
  /** Multiplies the rates of both arms alike at a time; for base rates that drift. Default 1. */
  readonly drift?: ((day: number) => number) | undefined;
  /** Share of the challenger's rows that get lost, as a broken logger would. Default 0. */
  readonly lostChallenger?: number | undefined;
}

/** A rate, or what draws a value. */
export type Draw = number | ((random: Random) => number);

/** How often and how finely a rollout is played. */
export interface SimulateOptions {
  /** Default 200. */
  readonly runs?: number | undefined;
  /** The same seed gives the same report. Default 1. */
  readonly seed?: number | undefined;
  /** Judgements per day. Default 24. */
  readonly looksPerDay?: number | undefined;
}

/** How the played rollouts ended. */
export interface SimulationReport {
  readonly runs: number;
  /** Shares of the runs, with their standard error √(p (1 - p) / runs). */
  readonly promoted: number;
  readonly rolledBack: number;
  readonly paused: number;
  readonly undecided: number;
  readonly standardError: (share: number) => number;
  /** Median over the runs that ended, in days and units. */
  readonly medianDays: number;
  readonly medianUnits: number;
}

/**
 * Plays a rollout many times against an assumed truth: how often it is promoted, rolled back, paused, and how long that
 * takes. Same statistics, judge and stages as the real thing, without the ledger. Same seed, same report.
 */
export function simulate(
  definition: RolloutDefinition,
  traffic: SimulatedTraffic,
  options: SimulateOptions = {},
): SimulationReport {
  const { runs = 200, seed = 1, looksPerDay = 24 } = options;
  for (const { id } of definition.metrics)
    if (traffic.truth[id] === undefined) throw invalidInput(`traffic.truth.${id}`, 'rates of both arms', undefined);
  const random = seededRandom(seed);
  const ends = Array.from({ length: runs }, () => playOnce(definition, traffic, looksPerDay, random));
  const shareOf = (verdict: RolloutVerdict) => ends.filter((end) => end.verdict === verdict).length / runs;
  const decided = ends.filter(({ verdict }) => verdict !== 'hold');
  return {
    runs,
    promoted: shareOf('promote'),
    rolledBack: shareOf('rollBack'),
    paused: shareOf('pause'),
    undecided: shareOf('hold'),
    standardError: (share) => Math.sqrt((share * (1 - share)) / runs),
    medianDays: median(decided.map(({ days }) => days)),
    medianUnits: median(decided.map(({ units }) => units)),
  };
}

interface End {
  readonly verdict: RolloutVerdict;
  readonly days: number;
  readonly units: number;
}

function playOnce(definition: RolloutDefinition, traffic: SimulatedTraffic, looksPerDay: number, random: Random): End {
  const { metrics } = definition;
  const sums = createObservations(definition);
  const days = definition.maxDurationMs / DAY;
  const perLook = Math.max(1, Math.round(traffic.unitsPerDay / looksPerDay));
  /** Rows that wait for their window to pass: the look at which they mature, by metric. */
  const waiting: {
    readonly due: number;
    readonly metric: number;
    readonly cohort: number;
    readonly values: Float64Array;
  }[] = [];
  let stage = 0;
  let epoch = 1;
  let since = 0;
  let units = 0;
  let share = openingShare(definition, 0, 0);
  sums.begin({ epoch, share, references: {} });
  for (let look = 1; look <= days * looksPerDay; look++) {
    const time = (look / looksPerDay) * DAY;
    const drift = traffic.drift?.(look / looksPerDay) ?? 1;
    const inChallenger = binomial(perLook, share, random);
    units += perLook;
    for (const arm of [0, 1] as const) {
      const size =
        arm === 1 ? inChallenger - binomial(inChallenger, traffic.lostChallenger ?? 0, random) : perLook - inChallenger;
      const cohort = sums.cohort(epoch, arm);
      for (let i = 0; i < size; i++) sums.expose(cohort);
      for (let metric = 0; metric < metrics.length; metric++) {
        const values = draws(metrics[metric]!, traffic, arm, size, drift, random);
        const due = time + metrics[metric]!.windowMs + (metrics[metric]!.windowMs > 0 ? definition.graceMs : 0);
        waiting.push({ due, metric, cohort, values });
      }
    }
    for (let i = 0; i < waiting.length; i++) {
      const { due, metric, cohort, values } = waiting[i]!;
      if (due > time) continue;
      for (let k = 0; k < values.length; k++) sums.add(metric, cohort, values[k]!);
      waiting[i] = waiting.at(-1)!;
      waiting.pop();
      i--;
    }
    const statistics = sums.statistics();
    const { verdict } = weigh(definition, statistics, { stage, epoch, dwellMs: time - since });
    if (verdict !== 'advance' && verdict !== 'hold') return { verdict, days: look / looksPerDay, units };
    const next = verdict === 'advance' ? stage + 1 : stage;
    const lastedMs = time - since;
    const moved =
      verdict === 'advance'
        ? openingShare(definition, next, share)
        : adaptedShare(definition, statistics, { stage, share, lastedMs });
    if (moved === undefined) continue;
    stage = next;
    share = moved;
    epoch++;
    since = time;
    sums.begin({ epoch, share, references: referencesOf(statistics) });
  }
  return { verdict: 'hold', days, units };
}

const DAY = 86_400_000;

function draws(
  metric: RolloutMetric,
  { truth }: SimulatedTraffic,
  arm: Arm,
  size: number,
  drift: number,
  random: Random,
): Float64Array {
  const draw = arm === 0 ? truth[metric.id]!.champion : truth[metric.id]!.challenger;
  const values = new Float64Array(size);
  if (typeof draw === 'number') values.fill(1, 0, binomial(size, Math.min(1, draw * drift), random));
  else for (let i = 0; i < size; i++) values[i] = draw(random) * drift;
  return values;
}

/** Successes of `n` trials: by trials while few, else by the waiting times between successes. */
function binomial(n: number, p: number, random: Random): number {
  if (p <= 0 || n <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(n, 1 - p, random);
  const step = Math.log1p(-p);
  let count = 0;
  for (let at = Math.floor(Math.log1p(-random.next()) / step); at < n; count++)
    at += 1 + Math.floor(Math.log1p(-random.next()) / step);
  return count;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}
