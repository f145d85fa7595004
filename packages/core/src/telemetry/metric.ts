import { bucketEndMs, type LatencyHistogram } from './histogram.js';

/** What a metric counts or measures, as it stands now: plain data that exporters write in the form of their system. */
export type MetricFamily = NumberFamily | HistogramFamily;

interface FamilyFacts {
  /** Lower case with underscores, the unit last: `millwright_request_duration_seconds`; counters without `_total`. */
  readonly name: string;
  readonly help: string;
  /** `seconds`, `bytes`: the end of the name. */
  readonly unit?: string | undefined;
}

/** Numbers of one name, one per set of labels. */
export interface NumberFamily extends FamilyFacts {
  /** A counter never goes down while the process lives. */
  readonly kind: 'counter' | 'gauge';
  readonly samples: readonly NumberSample[];
}

/** Distributions of one name, one per set of labels. */
export interface HistogramFamily extends FamilyFacts {
  readonly kind: 'histogram';
  readonly samples: readonly HistogramSample[];
}

/** What tells the samples of a family apart. */
export type Labels = Readonly<Record<string, string>>;

/** One number. */
export interface NumberSample {
  readonly labels: Labels;
  readonly value: number;
}

/** One distribution. */
export interface HistogramSample {
  readonly labels: Labels;
  /** Ascending; counts are cumulative. What lies above the last is in `count` only. */
  readonly buckets: readonly HistogramBucket[];
  readonly sum: number;
  readonly count: number;
}

/** How many values are at most `upTo`. */
export interface HistogramBucket {
  readonly upTo: number;
  readonly count: number;
  /** One of the values in this bucket and not in the one before, with what leads to its trace. */
  readonly exemplar?: Exemplar | undefined;
}

/** One value with what leads to its trace. */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/**
 * Seconds in buckets that double from 1 ms to 32.768 s, the same ones everywhere, so that processes add up. A duration of
 * exactly a bucket's end counts in the next one.
 */
export function latencySample(
  labels: Labels,
  histogram: LatencyHistogram,
  exemplarOf: (bucket: number) => Exemplar | undefined = () => undefined,
): HistogramSample {
  const buckets: HistogramBucket[] = [];
  let count = 0;
  let at = 0;
  for (let doubling = 0; doubling < DOUBLINGS; doubling++) {
    const endMs = 2 ** doubling;
    for (; at < histogram.buckets.length && bucketEndMs(at) <= endMs; at++) count += histogram.buckets[at]!;
    buckets.push({ upTo: endMs / 1_000, count, exemplar: exemplarOf(doubling) });
  }
  return { labels, buckets, sum: histogram.sumMs / 1_000, count: histogram.count };
}

/** Which of `latencySample`'s buckets a duration is in; the one after the last for those that are longer than all. */
export function latencyBucket(ms: number): number {
  return ms < 1 ? 0 : Math.min(DOUBLINGS, Math.floor(Math.log2(ms)) + 1);
}

const DOUBLINGS = 16;
