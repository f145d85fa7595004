import { seededRandom } from '@millwright/core';
import { studentTQuantile } from '@millwright/core/statistics';
import { createEndpoint, onnx, type Row } from '@millwright/serving';
import { championPolicy, compilePolicy } from '@millwright/serving/routing';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/**
 * What shadowing costs those who wait for the first answer: every request is copied to an arm that is far too slow, so that
 * its queue is always full and most copies are dropped. Pairs of blocks with and without copies, in random order, in one
 * process; the confidence bound is that of the mean difference of the logarithms of their quantiles (one-sided 95 %, t).
 * `MILLWRIGHT_PAIRS` (default 40).
 */
const PAIRS = Number(process.env['MILLWRIGHT_PAIRS'] ?? 40);
const REQUESTS = 2_000;
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

async function block(policy: typeof without): Promise<readonly number[]> {
  endpoint.setPolicy(policy);
  const latencies: number[] = [];
  let left = REQUESTS;
  const client = async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await endpoint.predict({ x }, { unit: `unit-${left}` });
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, client));
  return latencies.sort((a, b) => a - b);
}

await block(without);
await block(with100);
const differences = { p50: [] as number[], p99: [] as number[] };
const seen = { with: [] as number[], without: [] as number[] };
for (let pair = 0; pair < PAIRS; pair++) {
  const first = random.next() < 0.5;
  const one = await block(first ? with100 : without);
  const two = await block(first ? without : with100);
  const [copied, alone] = first ? [one, two] : [two, one];
  const at = (sorted: readonly number[], p: number) => sorted[Math.floor(sorted.length * p)]!;
  differences.p50.push(Math.log(at(copied, 0.5) / at(alone, 0.5)));
  differences.p99.push(Math.log(at(copied, 0.99) / at(alone, 0.99)));
  seen.with.push(at(copied, 0.99));
  seen.without.push(at(alone, 0.99));
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
console.log(`${PAIRS} pairs of blocks of ${REQUESTS} requests, ${endpoint.stats().shadowsDropped} copies dropped`);
console.log(
  `p99 without copies ${mean(seen.without).toFixed(3)} ms, with ${mean(seen.with).toFixed(3)} ms (means of blocks)`,
);
for (const [name, values] of Object.entries(differences)) {
  const m = mean(values);
  const error = Math.sqrt(mean(values.map((v) => (v - m) ** 2)) / (values.length - 1));
  const bound = m + studentTQuantile(0.95, values.length - 1) * error;
  const percent = (log: number) => `${(100 * Math.expm1(log)).toFixed(2)} %`;
  console.log(`${name} with copies: ${percent(m)} longer, upper bound ${percent(bound)}`);
}
