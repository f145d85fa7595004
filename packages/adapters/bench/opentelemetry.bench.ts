/** What telemetry costs a prediction without an SDK, beside the same endpoint without it. `npm run bench -- opentelemetry` */
import type { Predictor } from '@millwright/core';
import { createEndpoint } from '@millwright/serving';
import { championPolicy, compilePolicy } from '@millwright/serving/routing';
import { openTelemetry } from '../src/opentelemetry.js';
import { endpointMetrics } from '../src/prometheus.js';

const CONCURRENT = 256;
const BATCHES = 400;
const ROUNDS = 15;

const model: Predictor<number, number> = { predict: async (input) => input };
const open = async () => {
  const endpoint = await createEndpoint<number, number>({ model });
  endpoint.setPolicy(compilePolicy(championPolicy({ salt: 'bench' })));
  return endpoint;
};
const bare = await open();
const traced = (await openTelemetry()).endpoint('bench', await open());
const counted = await open();
const read = endpointMetrics('bench', counted);

/** Microseconds per prediction, in waves of concurrent ones. */
async function cost(endpoint: Pick<typeof bare, 'predict'>): Promise<number> {
  const start = performance.now();
  for (let batch = 0; batch < BATCHES; batch++)
    await Promise.all(Array.from({ length: CONCURRENT }, (_, i) => endpoint.predict(i, { unit: `unit-${i}` })));
  return ((performance.now() - start) * 1_000) / (BATCHES * CONCURRENT);
}

const subjects = { 'bare endpoint': bare, 'OpenTelemetry, no SDK': traced, 'Prometheus counts': counted };
const costs = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round++)
  for (const [name, endpoint] of Object.entries(subjects)) {
    const us = await cost(endpoint);
    // The first round warms up.
    if (round > 0) costs.set(name, [...(costs.get(name) ?? []), us]);
  }
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const base = costs.get('bare endpoint')!;
console.table(
  Object.fromEntries(
    Array.from(costs, ([name, values]) => {
      const added = median(values.map((us, i) => us - base[i]!));
      return [name, { 'µs per prediction': median(values).toFixed(2), 'added, median of pairs': added.toFixed(2) }];
    }),
  ),
);
console.log(`${read().length} families counted`);
process.exit(0);
