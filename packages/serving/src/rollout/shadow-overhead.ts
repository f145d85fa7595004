import { type CompiledPolicy, shadowPoint } from '../routing/index.js';
import type { ServedDecision } from './observe.js';
import { latencyBucket, quantileOf, slowerLogE } from './quantiles.js';

/** What copies cost those who wait for the first answer: requests that were copied beside requests that chance left alone. */
export interface ShadowOverhead {
  /** Answers, [alone, copied]. Both are needed: leave a part of the requests alone, for instance with a share of 95 %. */
  readonly answers: readonly [number, number];
  /** Milliseconds, the upper ends of buckets of 2 %. */
  readonly p99: readonly [number, number];
  /** ln E against "copied requests have no longer p99 than others". Valid however often it is looked at. */
  readonly logE: number;
}

/** Sorts answers by whether they were copied to `arm`, which follows from policy and unit. */
export function overheadOf(arm: string, policy: () => CompiledPolicy | undefined) {
  const histograms: [Record<string, number>, Record<string, number>] = [{}, {}];
  const answers: [number, number] = [0, 0];
  return {
    decided({ unit, decisionId, latencyMs, epoch }: ServedDecision): void {
      const compiled = policy();
      const share = compiled?.policy.shadows?.find((shadow) => shadow.arm === arm)?.share;
      if (compiled === undefined || share === undefined || epoch !== compiled.epoch) return;
      const group = shadowPoint(compiled, unit ?? decisionId) < share ? 1 : 0;
      const bucket = latencyBucket(latencyMs);
      answers[group]++;
      histograms[group][bucket] = (histograms[group][bucket] ?? 0) + 1;
    },
    report: (): ShadowOverhead => ({
      answers: [answers[0], answers[1]],
      p99: [quantileOf(histograms[0], 0.99), quantileOf(histograms[1], 0.99)],
      logE: slowerLogE([histograms], 0.99),
    }),
  };
}
