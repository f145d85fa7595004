import { seededRandom } from '@millwright/core';
import { binomialQuantile } from '@millwright/core/statistics';
import { createEndpoint, onnx, type Row } from '@millwright/serving';
import { championPolicy, compilePolicy } from '@millwright/serving/routing';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/**
 * What shadowing costs those who wait for the first answer: every request is copied to an arm that is far too slow, so that
 * its queue is always full and most copies are dropped. In one process, a few requests with copies and a few without take
 * turns in random order, so that whatever else the machine does falls on both; a pair is the quantiles of as many turns of
 * each. Shown are the median over pairs, of how much longer the quantile is with copies, and its confidence bound (one-sided
 * 95 %, by order statistics: a machine that has other things to do makes outliers of any size). `MILLWRIGHT_PAIRS` (default
 * 100).
 */
const PAIRS = Number(process.env['MILLWRIGHT_PAIRS'] ?? 100);
const REQUESTS = 2_000;
const TURNS = 50;
const CONCURRENT = 4;
const widths = [256, 1024, 1024, 1024, 10];

await using endpoint = await createEndpoint<Row, Row>({
  model: sourceOf(resolvedModel('mlp@1', perceptron(widths))),
  runtime: onnx(),
  deadlineMs: 60_000,
  maxShadows: 256,
});
await endpoint.arms.prepare('challenger', {
  predict: () => new Promise<Row>((resolve) => setTimeout(resolve, 2_000, {})),
});
const base = championPolicy({ salt: 'bench' });
const without = compilePolicy(base);
const with100 = compilePolicy({ ...base, shadows: [{ arm: 'challenger', share: 1 }] });
const x = Float32Array.from({ length: widths[0]! }, (_, i) => (i % 7) / 7);
const random = seededRandom(1);

/** One turn: some requests under a policy, whose latencies are added to the others'. */
async function turn(policy: typeof without, latencies: number[]): Promise<void> {
  endpoint.setPolicy(policy);
  let left = REQUESTS / TURNS;
  const client = async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await endpoint.predict({ x }, { unit: `unit-${left}` });
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, client));
}

/** Latencies of as many requests with copies and without, each sorted. */
async function takeTurns(): Promise<{ readonly copied: readonly number[]; readonly alone: readonly number[] }> {
  const copied: number[] = [];
  const alone: number[] = [];
  for (let i = 0; i < TURNS; i++) {
    const first = random.next() < 0.5;
    if (first) await turn(with100, copied);
    await turn(without, alone);
    if (!first) await turn(with100, copied);
  }
  return { copied: copied.sort((a, b) => a - b), alone: alone.sort((a, b) => a - b) };
}

await takeTurns();
const differences = { p50: [] as number[], p99: [] as number[] };
const seen = { with: [] as number[], without: [] as number[] };
for (let pair = 0; pair < PAIRS; pair++) {
  const { copied, alone } = await takeTurns();
  const at = (sorted: readonly number[], p: number) => sorted[Math.floor(sorted.length * p)]!;
  differences.p50.push(Math.log(at(copied, 0.5) / at(alone, 0.5)));
  differences.p99.push(Math.log(at(copied, 0.99) / at(alone, 0.99)));
  seen.with.push(at(copied, 0.99));
  seen.without.push(at(alone, 0.99));
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
console.log(`${PAIRS} pairs of ${REQUESTS} requests each, ${endpoint.stats().shadowsDropped} copies dropped`);
console.log(
  `p99 without copies ${mean(seen.without).toFixed(3)} ms, with ${mean(seen.with).toFixed(3)} ms (means of pairs)`,
);
/** Of sorted pairs, the one that is above the median with probability 95 %. */
const rank = binomialQuantile(0.95, PAIRS, 0.5);
for (const [name, values] of Object.entries(differences)) {
  const sorted = values.toSorted((a, b) => a - b);
  const percent = (log: number) => `${(100 * Math.expm1(log)).toFixed(2)} %`;
  console.log(`${name} with copies: ${percent(sorted[PAIRS >> 1]!)} longer, upper bound ${percent(sorted[rank]!)}`);
}
