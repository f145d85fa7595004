import { createOutcomeJoin } from '../src/outcome/index.js';

/** A million open decisions: nanoseconds per exposure and per outcome, and the memory they take. */
const count = 1_000_000;
const metric = { windowMs: 86_400_000, combine: 'first', endsWithEpoch: false } as const;
const ids = Array.from({ length: count }, (_, i) => `01JD0Z6B7Q8R9S0T${String(i).padStart(10, '0')}`);
const before = process.memoryUsage().arrayBuffers;
let rows = 0;
const join = createOutcomeJoin({
  metrics: [
    { ...metric, id: 'missed' },
    { ...metric, id: 'wrong' },
  ],
  onRow: () => rows++,
});
let start = performance.now();
for (let i = 0; i < count; i++)
  join.expose({ decisionId: ids[i]!, unit: `unit-${i}`, epoch: 1, cohort: 0, time: i, score: 0.5 });
console.log(`exposure ${(((performance.now() - start) * 1e6) / count).toFixed(0)} ns`);
console.log(`${((process.memoryUsage().arrayBuffers - before) / count).toFixed(0)} bytes per open decision`);
start = performance.now();
for (let i = 0; i < count; i++) join.record({ decisionId: ids[i]!, value: true, time: count }, count);
console.log(`outcome ${(((performance.now() - start) * 1e6) / count).toFixed(0)} ns`);
start = performance.now();
join.advance(Infinity);
console.log(`maturing ${(((performance.now() - start) * 1e6) / rows).toFixed(0)} ns per row and metric`);
