import { seededRandom } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { LogStore } from '@millwright/core/storage';
import { type VirtualClock, virtualClock } from '@millwright/core/testing';
import {
  defineRollout,
  isFinal,
  type Rollout,
  type RolloutDefinition,
  type RolloutState,
  startRollout,
} from '../../src/rollout/index.js';
import { HOUR, START, type World, world } from './harness.js';

/** A rollout of hours: two stages, errors only. */
export const SHORT = defineRollout({
  challenger: 'm@2',
  stages: ['10%', '50%'],
  minDwell: '2h',
  minUnits: 20,
  bake: '3h',
  hardTtl: '150m',
  maxDuration: '5d',
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.8 } }],
});

/** What a process that has died answers to everything. */
export class Crash extends TypeError {}

/** A log whose process dies at its `at`th append: before anything is written, or right after. */
export function mortalLog(log: LogStore, at: number, written: boolean): LogStore & { readonly appends: number } {
  let appends = 0;
  let dead = false;
  const alive = () => {
    if (dead) throw new Crash('the process is dead');
  };
  return {
    id: log.id,
    capabilities: log.capabilities,
    get appends() {
      return appends;
    },
    head: async (o) => {
      alive();
      return log.head(o);
    },
    async append(commit, o) {
      alive();
      if (appends++ === at) {
        dead = true;
        if (written) await log.append(commit, o);
        throw new Crash('the process dies');
      }
      return log.append(commit, o);
    },
    async *read(range, o) {
      alive();
      yield* log.read(range, o);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Moves the clock on until the work is done that waits for it: a slow store, or a pause before it is asked again. */
export async function inTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let open = true;
  const done = work.finally(() => {
    open = false;
  });
  done.catch(() => undefined);
  for (let ms = 10; open; ms *= 2) await clock.advance(Math.min(ms, 60_000));
  return done;
}

export interface Process extends World {
  readonly rollout: Rollout;
}

export interface BootOptions {
  readonly replica?: string | undefined;
  readonly definition?: RolloutDefinition | undefined;
  readonly flushMs?: number | undefined;
  readonly tickMs?: number | undefined;
}

/** Starts a process on a log, which joins the rollout that is under way there. */
export async function boot(
  log: LogStore,
  clock: VirtualClock,
  seed: number,
  options: BootOptions = {},
): Promise<Process> {
  const { replica = 'local', definition = SHORT, flushMs = 4 * HOUR, tickMs } = options;
  const w = await world({ log, clock, seed });
  const rollout = await startRollout(w.target, w.endpoint, definition, {
    clock,
    random: seededRandom(seed),
    flushMs,
    replica,
    tickMs,
  });
  return { ...w, rollout };
}

/** An hour of requests; the challenger fails at `rate`, the champion at 30 %. */
export function traffic({ endpoint }: World, hour: number, rate: number, requests = 150): void {
  const random = seededRandom(1_000 + hour);
  for (let i = 0; i < requests; i++) {
    const failed = random.next();
    const answer = (model: string) =>
      ({ status: failed < (model === 'm@2' ? rate : 0.3) ? 'failed' : 'answered' }) as const;
    endpoint.serve({ unit: `u${hour}-${i}`, decisionId: `d${hour}-${i}`, answer });
  }
}

export interface Story {
  readonly definition?: RolloutDefinition;
  /** How often the challenger fails. */
  readonly rate: number;
  /** What people do at an hour; called again when the process died over it. */
  readonly people?: (rollout: Rollout, hour: number) => Promise<void>;
  readonly flushMs?: number;
  /** Shifts the traffic. */
  readonly seed?: number;
  /** How many processes share the traffic. Default 1. */
  readonly replicas?: number;
  /** Which of them dies; the others live for ever. Default the first. */
  readonly mortal?: number;
}

export interface Ending {
  readonly end: unknown;
  readonly hours: number;
  /** Everything but sums, evidence and acknowledgements, in order. */
  readonly control: readonly string[];
}

/** Plays a story to its end; whenever the process dies that writes to `doomed`, another one takes over. */
export async function live(log: LogStore, doomed: LogStore, story: Story): Promise<Ending> {
  const { rate, people, definition, flushMs, seed: shift = 0, replicas = 1, mortal = 0 } = story;
  const clock = virtualClock(START);
  const processes: Process[] = [];
  let boots = 0;
  let died = false;
  const living = async <T>(replica: number, work: (process: Process) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        const options = { definition, flushMs, replica: `replica-${replica}` };
        processes[replica] ??= await boot(replica === mortal && !died ? doomed : log, clock, ++boots, options);
        return await work(processes[replica]);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        died = true;
        delete processes[replica];
      }
    }
  };
  const all = Array.from({ length: replicas }, (_, i) => i);
  let hour = 0;
  for (; hour < 100; hour++) {
    for (const i of all)
      await living(i, async (p) => traffic(p, replicas * (shift * 1_000 + hour) + i, rate, 150 / replicas));
    await clock.advance(HOUR);
    if (people !== undefined) await living(0, ({ rollout }) => people(rollout, hour));
    const states: RolloutState[] = [];
    // Who looks first acts: they take turns.
    for (const i of hour % 2 === 0 ? all : all.toReversed())
      states.push(await living(i, ({ rollout }) => rollout.tick()));
    if (states.every(isFinal)) break;
  }
  const [{ rollout, ledger }] = processes as [Process];
  const { status, killed } = rollout.state;
  const events: LedgerEvent[] = [];
  for await (const event of ledger.read()) events.push(event);
  const control = events.map(({ type }) => type).filter((type) => !/observed|evidence|Acknowledged|ledger/.test(type));
  const serve = processes.map(({ champion, endpoint }) => [champion(), endpoint.model('champion')]);
  return { end: { status, killed, serve }, hours: hour, control };
}
