import { digestBytes, encodeUtf8, isMillwrightError, seededRandom } from '@millwright/core';
import { type Attempt, checkHistory, type HeadSeen } from '@millwright/core/conformance';
import { type Ledger, openLedger, type Projection, verifyLog } from '@millwright/core/ledger';
import type { LogStore, StoredCommit } from '@millwright/core/storage';
import { pessimisticLog } from '@millwright/core/testing';

/** What every chaos run does to the answers of a log. */
export const MISFORTUNE = { lostResponse: 0.05, conflict: 0.05, staleHead: 0.05 } as const;
export const WRITERS = 16;

/** One acknowledged command: the number that it drew from the ledger, and when it was given and acknowledged. */
export interface Call {
  readonly key: string;
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** How many commands went before: every command draws the next number, so the numbers tell the order. */
export const counter: Projection<{ total: number }> = {
  id: 'counter@1',
  init: () => ({ total: 0 }),
  apply(state, { type }) {
    if (type === 'number.drawn') state.total++;
    return state;
  },
  fork: ({ total }) => ({ total }),
};

/** Draws a number, and repeats itself under the same key until the ledger has acknowledged it. */
export async function draw(
  ledger: Ledger,
  key: string,
  tick: () => number,
  between?: (() => Promise<void> | void) | undefined,
): Promise<Call> {
  const start = tick();
  const { result } = await patiently(between, () =>
    ledger.commit(
      (view) => {
        const number = view.state(counter).total;
        return { events: [{ type: 'number.drawn', data: { key, number } }], result: number };
      },
      { idempotencyKey: key, onReplay: ([event]) => Number(event?.data['number']) },
    ),
  );
  return { key, number: result, start, end: tick() };
}

/** Does it again while it fails for a reason that passes. */
async function patiently<T>(between: (() => Promise<void> | void) | undefined, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const passes = TRANSIENT.some((code) => isMillwrightError(error, code));
      if (!passes || tries === MAX_TRIES) throw error;
      await between?.();
    }
  }
}

const TRANSIENT = ['ledger/commit-unknown', 'ledger/contended', 'storage/failed'] as const;
const MAX_TRIES = 100;

export interface ChaosOptions {
  /** The log as writer `w` opens it. */
  readonly open: (w: number) => LogStore;
  readonly commits: number;
  /** Commands that a writer gives at once; they share appends. */
  readonly batch: number;
  readonly misfortune?: Partial<typeof MISFORTUNE> | undefined;
  /** Called after every acknowledged command with their number: the place to make trouble. */
  readonly acknowledged?: ((count: number) => void) | undefined;
  /** Waited for before a failed command is repeated. */
  readonly between?: (() => Promise<void> | void) | undefined;
}

/** What 16 writers saw. */
export interface ChaosHistory {
  readonly calls: readonly Call[];
  readonly attempts: readonly Attempt[];
  readonly heads: readonly HeadSeen[];
}

/** 16 ledgers on one log, each behind its own misfortune, until `commits` commands are acknowledged. */
export async function chaos(options: ChaosOptions): Promise<ChaosHistory> {
  const { open, commits, batch, misfortune = MISFORTUNE, acknowledged, between } = options;
  const calls: Call[] = [];
  const attempts: Attempt[] = [];
  const heads: HeadSeen[] = [];
  let time = 0;
  const tick = () => ++time;
  let given = 0;

  async function write(w: number): Promise<void> {
    const log = recorded(open(w), { attempts, heads, tick });
    const random = seededRandom(w);
    // The first to open writes the first commit.
    await using ledger = await patiently(between, () =>
      openLedger({
        log: pessimisticLog(log, { random, ...misfortune }),
        actor: `writer-${w}`,
        random,
        maxAttempts: 100,
        projections: [counter],
      }),
    );
    while (given < commits) {
      const keys = Array.from({ length: Math.min(batch, commits - given) }, () => `${w}-${given++}`);
      const drawing = keys.map(async (key) => {
        calls.push(await draw(ledger, key, tick, between));
        acknowledged?.(calls.length);
      });
      await Promise.all(drawing);
    }
    await log[Symbol.asyncDispose]();
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => write(w)));
  return { calls, attempts, heads };
}

/** Remembers what the store really answered; of the bytes, their digest. */
function recorded(
  log: LogStore,
  history: { readonly attempts: Attempt[]; readonly heads: HeadSeen[]; readonly tick: () => number },
): LogStore {
  const { attempts, heads, tick } = history;
  return {
    id: log.id,
    capabilities: log.capabilities,
    async head(o) {
      const head = await log.head(o);
      heads.push({ head, end: tick() });
      return head;
    },
    async append(commit, o) {
      const start = tick();
      const outcome = await log.append(commit, o).catch((error: unknown) => ({ kind: 'threw', error }) as const);
      attempts.push({ commit: fingerprint(commit), outcome, start, end: tick() });
      if (outcome.kind === 'threw') throw outcome.error;
      return outcome;
    },
    read: (range, o) => log.read(range, o),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

function fingerprint({ seq, commitId, bytes }: StoredCommit): StoredCommit {
  return { seq, commitId, bytes: encodeUtf8(digestBytes(bytes)) };
}

/**
 * Checks the log that is there in the end against what the writers saw: it verifies; every acknowledged command is in it
 * once, with the number that it was told; nothing else is in it, except up to `unacknowledged` commands of writers that
 * were killed; the order of the numbers keeps the order of time; and the store's own answers were linearizable.
 * @throws when anything is not so
 */
export async function checkChaos(
  log: LogStore,
  { calls, attempts, heads }: ChaosHistory,
  unacknowledged = 0,
): Promise<{ readonly commands: number; readonly appends: number }> {
  const report = await verifyLog(log);
  must(report.ok, `the log does not verify: ${JSON.stringify(report.firstBad)}`);
  const commits: StoredCommit[] = [];
  for await (const commit of log.read({ from: 1 })) commits.push(fingerprint(commit));
  if (attempts.length > 0) checkHistory(attempts, commits, heads);

  const ledger = await openLedger({ log, actor: 'inspector' });
  const numbers = new Map<string, number>();
  let next = 0;
  for await (const { type, data } of ledger.read()) {
    if (type !== 'number.drawn') continue;
    const key = String(data['key']);
    must(data['number'] === next, `command ${key} drew ${data['number']}, and ${next} went before it`);
    must(!numbers.has(key), `command ${key} was written twice`);
    numbers.set(key, next++);
  }
  for (const { key, number } of calls)
    must(numbers.get(key) === number, `command ${key} was told ${number}, and has ${numbers.get(key)}`);
  const unknown = numbers.size - calls.length;
  must(unknown >= 0 && unknown <= unacknowledged, `${unknown} commands were written that nobody was told of`);
  checkTime(calls);
  return { commands: numbers.size, appends: commits.length };
}

/** A counter is linearizable when no command got its number before one with a smaller number had even been given. */
export function checkTime(calls: readonly Call[]): void {
  let latest: Call | undefined;
  for (const call of calls.toSorted((a, b) => a.number - b.number)) {
    must(
      latest === undefined || call.end > latest.start,
      `${call.key} ended before ${latest?.key} began, and comes after it`,
    );
    if (latest === undefined || call.start > latest.start) latest = call;
  }
}

function must(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Error(reason);
}
