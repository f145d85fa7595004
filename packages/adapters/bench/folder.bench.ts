/**
 * Events per second into a ledger in a folder, every commit on the disk before it is acknowledged, beside what the disk
 * allows: a loop of write and fsync of the same size, and of two fsyncs as a commit needs (its bytes, its name).
 * `npm run bench -- folder`; MILLWRIGHT_BENCH_FOLDER chooses the disk, MILLWRIGHT_BENCH_EVENTS how many events.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder } from '@millwright/adapters/fs';
import { type NewEvent, openLedger, type Projection } from '@millwright/core/ledger';

const events = Number(process.env['MILLWRIGHT_BENCH_EVENTS'] ?? 50_000);
const place = mkdtempSync(join(process.env['MILLWRIGHT_BENCH_FOLDER'] ?? tmpdir(), 'millwright-bench-'));

const counter: Projection<number> = {
  id: 'counter@1',
  init: () => 0,
  apply: (count) => count + 1,
  fork: (count) => count,
};

/** About 320 bytes, as a registry's events are. */
const versionRegistered = (i: number): NewEvent => ({
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

/** Times per second that a file of this size is written and made durable, with as many fsyncs. */
async function disk(bytes: number, syncs: 1 | 2): Promise<number> {
  const body = new Uint8Array(bytes).fill(120);
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < 3_000; count++) {
    const path = join(place, `${count}.raw`);
    const file = await open(path, 'wx');
    await file.writeFile(body);
    await file.sync();
    await file.close();
    if (syncs === 2) {
      const directory = await open(place, 'r');
      await directory.sync();
      await directory.close();
    }
    await unlink(path);
  }
  return (1_000 * count) / (performance.now() - start);
}

/** `clients` callers, each of whom writes the next event when the last one is acknowledged. */
async function run(clients: number, eventsPerCommand: number) {
  await using storage = folder(join(place, `${clients}-${eventsPerCommand}`));
  await using ledger = await openLedger({ log: storage.log, actor: 'bench', projections: [counter] });
  const waits: number[] = [];
  let given = 0;
  const first = ledger.head;
  const start = performance.now();
  const client = async () => {
    while (given < events) {
      const i = given;
      given += eventsPerCommand;
      const asked = performance.now();
      const written = Array.from({ length: eventsPerCommand }, (_, k) => versionRegistered(i + k));
      await ledger.commit(() => ({ events: written, result: undefined }));
      waits.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - start) / 1_000;
  waits.sort((a, b) => a - b);
  const commits = ledger.head.seq - first.seq;
  const at = (share: number) => waits[Math.floor(share * (waits.length - 1))]!;
  return {
    rate: given / seconds,
    batch: given / commits,
    p50: at(0.5),
    p99: at(0.99),
    commitsPerSecond: commits / seconds,
  };
}

const rows: Record<string, string>[] = [];
for (const [clients, perCommand] of [
  [1, 1],
  [64, 1],
  [256, 1],
  [1_024, 1],
  [32, 8],
] as const) {
  const { rate, batch, p50, p99, commitsPerSecond } = await run(clients, perCommand);
  const bytes = Math.round(batch * (perCommand === 1 ? 500 : 360));
  const [once, twice] = [await disk(bytes, 1), await disk(bytes, 2)];
  rows.push({
    'callers × events': `${clients} × ${perCommand}`,
    'events/s': Math.round(rate).toLocaleString('en'),
    'events/commit': batch.toFixed(0),
    'ack p50 ms': p50.toFixed(1),
    'ack p99 ms': p99.toFixed(1),
    'commits/s': commitsPerSecond.toFixed(0),
    'disk: write + fsync/s': once.toFixed(0),
    'disk: + directory fsync/s': twice.toFixed(0),
    'of (2 fsyncs × batch)': `${((100 * rate) / (twice * batch)).toFixed(0)} %`,
  });
}
rmSync(place, { recursive: true, force: true });
console.table(rows);
