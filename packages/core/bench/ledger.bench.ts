/**
 * Ledger throughput, with the bare SHA-256 rate of the same bytes measured in the same run.
 * `npx tsx --conditions=@millwright/source packages/core/bench/ledger.bench.ts [events]`
 */
import { leafHash, openLedger, type Projection, verifyLog } from '@millwright/core/ledger';
import { ancestors, descendants, lineageGraph } from '@millwright/core/lineage';
import { memoryBlobs, memoryHint, memoryLog } from '@millwright/core/storage';

const events = Number(process.argv[2] ?? 100_000);

const counter: Projection<{ count: number }> = {
  id: 'counter@1',
  init: () => ({ count: 0 }),
  apply(state, event) {
    if (event.type === 'version.registered') state.count++;
    return state;
  },
  fork: (state) => ({ ...state }),
  snapshot: { encode: ({ count }) => count, decode: (json) => ({ count: Number(json) }) },
};

/** About 420 bytes, as a registry's events are. */
const versionRegistered = (i: number) => ({
  type: 'version.registered',
  data: {
    model: `model-${i % 1_000}`,
    version: i,
    artifact: `sha256:${'0123456789abcdef'.repeat(4)}`,
    madeBy: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    metrics: { auc: '0.8123', logLoss: '0.4012', brier: '0.1312' },
    tags: { team: 'operations', stage: 'candidate', framework: 'onnx' },
  },
});

const rows: { what: string; rate: string; per: string }[] = [];

async function measure<T>(what: string, count: number, unit: string, task: () => Promise<T> | T): Promise<T> {
  const start = performance.now();
  const result = await task();
  const ms = performance.now() - start;
  rows.push({
    what,
    rate: `${Math.round((count / ms) * 1_000).toLocaleString('en')} ${unit}/s`,
    per: `${ms.toFixed(0)} ms`,
  });
  return result;
}

const sequential = Math.min(events, 20_000);
const one = await openLedger({ log: memoryLog(), actor: 'bench', projections: [counter] });
await measure('commits one after the other, memory', sequential, 'commits', async () => {
  for (let i = 0; i < sequential; i++) await one.commit(() => ({ events: [versionRegistered(i)], result: undefined }));
});

const log = memoryLog();
const kept = { log, blobs: memoryBlobs(), hint: memoryHint() };
const many = await openLedger({ ...kept, actor: 'bench', projections: [counter] });
await measure('commits 1,000 at a time, group commit, memory', events, 'commits', async () => {
  for (let i = 0; i < events; i += 1_000)
    await Promise.all(
      Array.from({ length: 1_000 }, (_, k) =>
        many.commit(() => ({ events: [versionRegistered(i + k)], result: undefined })),
      ),
    );
});

const leaves = Array.from({ length: events }, (_, i) => new TextEncoder().encode(JSON.stringify(versionRegistered(i))));
await measure('baseline: bare SHA-256 of as many leaves', events, 'events', () => {
  for (const leaf of leaves) leafHash(leaf);
});
await measure('verify, one event per command (as many info leaves again)', events, 'events', () => verifyLog(log));
const grouped = memoryLog();
const four = await openLedger({ log: grouped, actor: 'bench' });
for (let i = 0; i < events; i += 4_000)
  await Promise.all(
    Array.from({ length: 1_000 }, (_, k) =>
      four.commit(() => ({ events: [0, 1, 2, 3].map((e) => versionRegistered(i + 4 * k + e)), result: undefined })),
    ),
  );
await measure('verify, four events per command', events, 'events', () => verifyLog(grouped));
await measure('open with one projection', events, 'events', () =>
  openLedger({ log, actor: 'bench', projections: [counter] }),
);
await many.checkpoint();
await measure('open from a checkpoint', 1, 'opens', () =>
  openLedger({ ...kept, actor: 'bench', projections: [counter] }),
);
await measure('prove', 1_000, 'proofs', async () => {
  for (let i = 0; i < 1_000; i++) await many.prove(i * 7);
});

const graph = lineageGraph(
  [],
  Array.from({ length: 60_000 }, (_, i) => ({
    from: `run:${((i * 7_919) % 20_000) % (1 + (i % 20_000))}`,
    to: `run:${i % 20_000}`,
  })),
);
const closures: number[] = [];
for (let i = 0; i < 200; i++) {
  const start = performance.now();
  ancestors(graph, `run:${i * 97}`);
  descendants(graph, `run:${i * 97}`);
  closures.push(performance.now() - start);
}
closures.sort((a, b) => a - b);
rows.push({
  what: `lineage closure both ways, ${graph.nodes.size} nodes, p50 and p99`,
  rate: `${closures[100]!.toFixed(2)} ms`,
  per: `${closures[197]!.toFixed(2)} ms`,
});

console.table(rows);
