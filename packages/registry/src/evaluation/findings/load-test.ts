import {
  type Abortable,
  type Clock,
  type Digest,
  defined,
  digestJson,
  invalidInput,
  MillwrightError,
  type Predictor,
  seededRandom,
  sleep,
  systemClock,
} from '@millwright/core';
import { binomialQuantile, type Interval, normalQuantile } from '@millwright/core/statistics';

/** Which requests come, how fast, and what is measured of their answers. */
export interface LoadTestOptions<I, O> extends Abortable {
  /** Which model this is: the report's challenger, `flight-delay@3`. */
  readonly subject: string;
  /** Inputs, taken in turn. */
  readonly inputs: readonly I[];
  /** Arrivals per second, whether or not earlier ones are answered (open loop). */
  readonly ratePerSecond: number;
  /** Requests that count. */
  readonly requests: number;
  /** Requests before them that do not. Default a tenth. */
  readonly warmUp?: number | undefined;
  /** `poisson` draws gaps between arrivals, `even` spaces them. Default `poisson`. */
  readonly arrivals?: 'poisson' | 'even' | undefined;
  /** Seed of the gaps. Default 0. */
  readonly seed?: number | undefined;
  /** Passed to the predictor; what comes later is counted. */
  readonly deadlineMs?: number | undefined;
  /** Shares for which the report has a latency, besides 0.5, 0.9, 0.95, 0.99 and 0.999. */
  readonly quantiles?: readonly number[] | undefined;
  /** What one answer cost, in any unit that you stay with. */
  readonly costOf?: ((output: O, input: I) => number) | undefined;
  /** Where it ran: machine, execution provider. Latency means nothing without. */
  readonly environment?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** A latency of a share of requests, with its distribution-free 95 % interval; a bound beyond the slowest or on a failed request is missing. */
export interface LatencyQuantile {
  readonly quantile: number;
  readonly ms?: number;
  readonly lowerMs?: number;
  readonly upperMs?: number;
}

/** What a load test found: plain JSON. */
export interface LoadReport {
  readonly schema: 'millwright.load@1';
  readonly subject: string;
  readonly environment: string;
  readonly ratePerSecond: number;
  readonly arrivals: 'poisson' | 'even';
  readonly seed: number;
  readonly requests: number;
  readonly warmUp: number;
  /** Requests that threw. They count as never answered in every quantile. */
  readonly failed: number;
  /** By error code or name. */
  readonly failures: Readonly<Record<string, number>>;
  readonly deadlineMs?: number;
  readonly missedDeadlines?: number;
  readonly latency: readonly LatencyQuantile[];
  /** Per answered request. */
  readonly cost?: { readonly n: number; readonly mean: number; readonly interval?: Interval };
  readonly digest: Digest;
}

/**
 * Sends requests at a fixed rate through a predictor and measures from when each was due, not from when it was sent, so
 * that a stall is felt by everything that queues behind it (no coordinated omission).
 *
 * @throws `input/invalid`; the signal's reason when aborted
 */
export async function loadTest<I, O>(predictor: Predictor<I, O>, options: LoadTestOptions<I, O>): Promise<LoadReport> {
  const { subject, inputs, ratePerSecond, requests, deadlineMs, costOf, signal } = options;
  const { arrivals, seed, environment, clock } = { ...DEFAULTS, ...defined(options) };
  const warmUp = options.warmUp ?? Math.ceil(requests / 10);
  if (inputs.length === 0) throw invalidInput('inputs', 'at least one input', inputs);
  if (!(ratePerSecond > 0)) throw invalidInput('ratePerSecond', 'a rate above 0', ratePerSecond);
  if (!(requests >= 1)) throw invalidInput('requests', '1 or more', requests);
  const random = seededRandom(seed);
  const latencies: number[] = [];
  const costs: number[] = [];
  const failures: Record<string, number> = {};
  let missedDeadlines = 0;
  const send = async (k: number, dueMs: number) => {
    const input = inputs[k % inputs.length]!;
    let latency = Number.POSITIVE_INFINITY;
    try {
      const output = await predictor.predict(input, {
        unit: `load-${k}`,
        ...(deadlineMs === undefined ? {} : { deadlineAt: clock.now() + deadlineMs }),
        ...(signal === undefined ? {} : { signal }),
      });
      latency = clock.monotonic() - dueMs;
      if (k >= warmUp && costOf !== undefined) costs.push(costOf(output, input));
    } catch (cause) {
      if (k >= warmUp) {
        const name = nameOf(cause);
        failures[name] = (failures[name] ?? 0) + 1;
      }
    }
    if (k < warmUp) return;
    latencies.push(latency);
    if (deadlineMs !== undefined && latency > deadlineMs) missedDeadlines++;
  };
  const sent: Promise<void>[] = [];
  let dueMs = clock.monotonic();
  for (let k = 0; k < warmUp + requests; k++) {
    const wait = dueMs - clock.monotonic();
    if (wait > 0) await sleep(clock, wait, signal);
    signal?.throwIfAborted();
    sent.push(send(k, dueMs));
    dueMs += (arrivals === 'even' ? 1 : -Math.log(1 - random.next())) * (1_000 / ratePerSecond);
  }
  await Promise.all(sent);
  const body = {
    schema: 'millwright.load@1' as const,
    subject,
    environment,
    ratePerSecond,
    arrivals,
    seed,
    requests,
    warmUp,
    failed: latencies.filter((ms) => ms === Number.POSITIVE_INFINITY).length,
    failures,
    ...(deadlineMs === undefined ? {} : { deadlineMs, missedDeadlines }),
    latency: latencyQuantiles(latencies, options.quantiles ?? []),
    ...(costs.length === 0 ? {} : { cost: meanCost(costs) }),
  };
  return { ...body, digest: digestJson(body) };
}

const DEFAULTS = {
  arrivals: 'poisson',
  seed: 0,
  environment: 'unknown',
  clock: systemClock,
} as const satisfies Partial<LoadTestOptions<unknown, unknown>>;

const QUANTILES = [0.5, 0.9, 0.95, 0.99, 0.999];

/** Order statistics (numpy's `inverted_cdf`); the interval holds whatever the distribution is (David & Nagaraja 2003, §7.1). */
function latencyQuantiles(latencies: readonly number[], more: readonly number[]): LatencyQuantile[] {
  const sorted = Float64Array.from(latencies).sort();
  const n = sorted.length;
  const at = (rank: number) => {
    const ms = rank < 1 ? 0 : sorted[rank - 1];
    return ms === undefined || ms === Number.POSITIVE_INFINITY ? undefined : ms;
  };
  return [...new Set([...QUANTILES, ...more])]
    .sort((a, b) => a - b)
    .map((quantile) =>
      defined({
        quantile,
        ms: at(Math.max(1, Math.ceil(quantile * n))),
        lowerMs: at(binomialQuantile(0.025, n, quantile)),
        upperMs: at(binomialQuantile(0.975, n, quantile) + 1),
      }),
    ) as LatencyQuantile[];
}

function meanCost(costs: readonly number[]): NonNullable<LoadReport['cost']> {
  const n = costs.length;
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / n;
  if (n < 2 || !Number.isFinite(mean)) return { n, mean };
  const variance = costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0) / (n - 1);
  const half = Z95 * Math.sqrt(variance / n);
  return { n, mean, interval: { lower: mean - half, upper: mean + half } };
}

const Z95 = normalQuantile(0.975);

function nameOf(cause: unknown): string {
  if (cause instanceof MillwrightError) return cause.code;
  return cause instanceof Error ? cause.name : typeof cause;
}
