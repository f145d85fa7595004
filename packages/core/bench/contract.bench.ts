import * as z from 'zod';
import { checkInput, column, defineContract } from '../src/contract/index.js';

/** Nanoseconds to check one request of five fields, beside zod on the same shape. */
const carriers = ['AA', 'DL', 'UA', 'WN'] as const;
const contract = defineContract({
  inputs: {
    hour: column.integer({ min: 0, max: 23 }),
    miles: column.number({ min: 0, unit: 'mi' }),
    carrier: column.category({ categories: carriers }),
    origin: column.category(),
    wind: column.number({ fallback: { kind: 'default', value: 0 } }),
  },
  outputs: { late: column.probability() },
});
const schema = z.object({
  hour: z.int().min(0).max(23),
  miles: z.number().min(0),
  carrier: z.enum(carriers),
  origin: z.string(),
  wind: z.number().default(0),
});
const good = Array.from({ length: 1_024 }, (_, i) => ({
  hour: i % 24,
  miles: i,
  carrier: carriers[i % 4],
  origin: 'MCI',
  wind: i / 3,
}));
const parsed = good.map((input): unknown => JSON.parse(JSON.stringify(input)));
const bad = good.map((input) => ({ ...input, hour: 99 }));

for (const [name, inputs] of [
  ['object literals', good],
  ['parsed JSON', parsed],
  ['one violation', bad],
] as const) {
  const ours = time(inputs, (input) => checkInput(contract, input).ok);
  const zods = time(inputs, (input) => schema.safeParse(input).success);
  console.log(
    `${name.padEnd(16)} checkInput ${ours.toFixed(0).padStart(5)} ns   zod ${zods.toFixed(0).padStart(5)} ns`,
  );
}

function time(inputs: readonly unknown[], work: (input: unknown) => boolean): number {
  let best = Number.POSITIVE_INFINITY;
  let passed = 0;
  for (let round = 0; round < 40; round++) {
    const start = performance.now();
    for (let k = 0; k < 20; k++) for (const input of inputs) if (work(input)) passed++;
    best = Math.min(best, performance.now() - start);
  }
  if (passed < 0) throw new RangeError('unreachable');
  return (best * 1e6) / (20 * inputs.length);
}
