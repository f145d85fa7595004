import { column, defineContract } from '@millwright/core/contract';
import { createEndpoint, onnx, tensor, tensors } from '@millwright/serving';
import { championPolicy, compilePolicy } from '@millwright/serving/routing';
import PQueue from 'p-queue';
import { perceptron, resolvedModel, sourceOf } from '../test/support/models.js';

/**
 * What a request costs: `endpoint.predict` with contract, routing, batching and an observer, beside raw `session.run`
 * (one row per call, and the same rows in one call) and p-queue around raw calls. Median of rounds, same process, in turns.
 */
const ROUNDS = 7;
const CONCURRENT = 256;

const models = { tiny: [16, 32, 4], mlp: [256, 1024, 1024, 1024, 10] };

for (const [name, widths] of Object.entries(models)) await compare(name, widths, name === 'tiny' ? 100 : 2);

async function compare(name: string, widths: readonly number[], batches: number): Promise<void> {
  const width = widths[0]!;
  const inputs = Object.fromEntries(Array.from({ length: width }, (_, i) => [`f${i}`, column.number()]));
  const contract = defineContract({
    inputs,
    outputs: { y: column.tensor({ dtype: 'float32', dims: [widths.at(-1)!] }) },
  });
  const resolved = resolvedModel(`${name}@1`, perceptron(widths), contract);
  const raw = await onnx().load(resolved.artifact);
  await using endpoint = await createEndpoint({
    model: sourceOf(resolved),
    runtime: onnx(),
    maxBatch: CONCURRENT,
    deadlineMs: 60_000,
  });
  endpoint.setPolicy(compilePolicy(championPolicy({ salt: 'bench' })));
  let seen = 0;
  endpoint.observe(() => seen++);
  const rows = Array.from({ length: CONCURRENT }, (_, i) =>
    Object.fromEntries(Object.keys(inputs).map((key, j) => [key, (i * 31 + j) % 7])),
  );
  const one = tensors({
    x: tensor(
      'float32',
      [1, width],
      Float32Array.from({ length: width }, (_, j) => j % 7),
    ),
  });
  const all = tensors({
    x: tensor(
      'float32',
      [CONCURRENT, width],
      Float32Array.from({ length: CONCURRENT * width }, (_, j) => j % 7),
    ),
  });
  const units = rows.map((_, i) => ({ unit: `unit-${i}` }));

  const schemes: Record<string, () => Promise<unknown>> = {
    'raw run, one row each': async () => {
      for (let i = 0; i < CONCURRENT; i++) await raw.run(one);
    },
    'p-queue 4, one row each': async () => {
      const queue = new PQueue({ concurrency: 4 });
      await Promise.all(rows.map(() => queue.add(() => raw.run(one))));
    },
    'raw run, all rows at once': () => raw.run(all),
    'endpoint.predict': () => Promise.all(rows.map((row, i) => endpoint.predict(row, units[i]))),
  };
  const times = new Map(Object.keys(schemes).map((scheme) => [scheme, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [scheme, run] of Object.entries(schemes)) {
      const startedAt = performance.now();
      for (let i = 0; i < batches; i++) await run();
      times.get(scheme)!.push(((performance.now() - startedAt) * 1_000) / (batches * CONCURRENT));
    }
  }
  console.log(`${name} (${widths.join('-')}), ${CONCURRENT} concurrent, ${seen} decisions observed`);
  for (const [scheme, list] of times) {
    const sorted = list.toSorted((a, b) => a - b);
    console.log(
      `  ${scheme.padEnd(28)} ${sorted[ROUNDS >> 1]!.toFixed(2).padStart(8)} µs per request (best ${sorted[0]!.toFixed(2)})`,
    );
  }
  await raw.close();
}
