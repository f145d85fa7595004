import { type Batcher, batcher, bucketsUpTo } from '../src/engine/batcher.js';
import { costModel } from '../src/engine/cost.js';
import type { Share } from '../src/engine/fair-share.js';

/**
 * What tenants cost: queueing a request and choosing the rows of a run, where each request is of the next tenant, beside
 * requests that are all of one. In virtual time, with runs of 0.36 + 0.022 ms per row; twice what fits is sent in the second half,
 * so that a queue stands.
 */
interface Request {
  readonly deadlineAt: number;
  readonly settled: boolean;
  readonly share: Share;
}

const TURNS = 5_000;

console.log('tenants     sent per run     µs per request     µs per run');
for (const perRun of [64, 128]) for (const tenants of [1, 100, 10_000, 1_000_000]) measure(tenants, perRun);

function measure(tenants: number, perRun: number): void {
  const queue = emptyQueue();
  const spent = { push: 0, decide: 0 };
  let now = 0;
  let next = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const requests = Array.from({ length: perRun }, () => requestOf(next++ % tenants, now + 50));
    spent.push += timed(() => {
      for (const request of requests) queue.push(request, now);
    });
    spent.decide += timed(() => {
      const decision = queue.decide(now, false);
      if (decision.kind !== 'run') return;
      queue.started(decision, now);
      const ms = 0.36 + 0.022 * decision.rows;
      now += ms;
      queue.finished(decision, ms);
    });
  }
  const perRequest = (1_000 * spent.push) / (TURNS * perRun);
  console.log(
    `${String(tenants).padEnd(12)}${String(perRun).padEnd(17)}${perRequest.toFixed(2).padEnd(19)}${((1_000 * spent.decide) / TURNS).toFixed(1)}`,
  );
}

function emptyQueue(): Batcher<Request> {
  const cost = costModel();
  const sizes = bucketsUpTo(64);
  for (const size of sizes) for (let i = 0; i < 5; i++) cost.observe(size, 0.36 + 0.022 * size, true);
  return batcher({
    ...{ sizes, padded: false, maxQueued: 65_536, maxRunMs: 8, concurrency: 1, cost },
    shareOf: ({ share }) => share,
  });
}

function requestOf(tenant: number, deadlineAt: number): Request {
  return { deadlineAt, settled: false, share: { key: `tenant-${tenant}`, weight: 4 } };
}

function timed(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
