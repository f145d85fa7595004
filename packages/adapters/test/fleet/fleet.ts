import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import { openRegistry, type Registry } from '@millwright/registry';
import {
  isFinal,
  lastRollout,
  type RolloutSpec,
  type RolloutState,
  rolloutProjection,
} from '@millwright/serving/rollout';
import { expect } from 'vitest';
import type { ReplicaPlan, Said } from './replica.js';
import { openStore, type Store } from './store.js';

/** A rollout of seconds. */
export const SPEC: RolloutSpec = {
  challenger: 'flight@2',
  stages: ['10%', '50%'],
  minDwell: 300,
  minUnits: 20,
  bake: 700,
  hardTtl: 10_000,
  metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.9 } }],
};
export const GOOD = { 'flight@1': 0.3, 'flight@2': 0.02 };
export const BAD = { 'flight@1': 0.1, 'flight@2': 0.9 };

export interface Replica {
  readonly name: string;
  readonly process: ChildProcess;
  readonly said: readonly Said[];
  send(line: 'break' | 'kill' | 'cut' | 'heal'): void;
  /** SIGKILL; resolves when it is dead. */
  kill(): Promise<void>;
}

/** Processes that serve one model from one ledger, and this process, which only reads. */
export interface Fleet extends AsyncDisposable {
  readonly registry: Registry;
  readonly replicas: Replica[];
  start(name: string): Promise<Replica>;
  /** The newest state of the rollout, as the ledger has it now. */
  state(): Promise<RolloutState | undefined>;
  events(): Promise<readonly LedgerEvent[]>;
  /** Waits for something, up to 30 s. @throws with the name and what the fleet is doing */
  until(what: string, ready: () => boolean | Promise<boolean>): Promise<void>;
}

export async function openFleet(
  script: string,
  store: Store,
  plan: Omit<ReplicaPlan, 'store' | 'name'>,
): Promise<Fleet> {
  const registry = await prepareRegistry(store);
  const replicas: Replica[] = [];

  const fleet: Fleet = {
    registry,
    replicas,
    async start(name) {
      const replica = launch(script, { ...plan, store, name });
      const old = replicas.findIndex((one) => one.name === name);
      if (old >= 0) replicas.splice(old, 1, replica);
      else replicas.push(replica);
      await fleet.until(
        `${name} is ready or dead`,
        () =>
          replica.process.exitCode !== null ||
          replica.process.signalCode !== null ||
          replica.said.some(({ kind }) => kind === 'ready'),
      );
      return replica;
    },
    async state() {
      await registry.ledger.refresh();
      return lastRollout(registry.ledger.state(rolloutProjection), 'flight', 'champion');
    },
    async events() {
      const events: LedgerEvent[] = [];
      await registry.ledger.refresh();
      for await (const event of registry.ledger.read()) events.push(event);
      return events;
    },
    async until(what, ready) {
      for (const end = Date.now() + 30_000; !(await ready()); await wait(20)) {
        if (Date.now() < end) continue;
        const { status, replicas: seen } = (await fleet.state()) ?? {};
        const last = replicas.map(({ name, said }) => `${name}: ${JSON.stringify(said.at(-1))}`);
        throw new Error(`Waited in vain until ${what}. ${status} ${JSON.stringify(seen)} ${last.join(' ')}`);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(replicas.map((replica) => replica.kill()));
      await registry[Symbol.asyncDispose]();
    },
  };
  return fleet;
}

/** A registry with two versions of one model, of which the first is champion. */
export async function prepareRegistry(store: Store): Promise<Registry> {
  const storage = openStore(store);
  const registry = await openRegistry(storage, { actor: 'maria' });
  await registry.models.create('flight', { owner: 'maria', risk: 'low', intendedUse: 'tests' });
  for (const text of ['1', '2'])
    await registry.models.register('flight', { files: { 'model.txt': new TextEncoder().encode(text) } });
  await registry.models.moveAlias('flight', 'champion', 'flight@1', { reason: 'the first one' });
  await registry.ledger.use(rolloutProjection);
  return registry;
}

function launch(script: string, plan: ReplicaPlan): Replica {
  const child = spawn(process.execPath, [script, JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // The client for S3 speaks of its own future on every start.
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin.on('error', () => undefined);
  const said: Said[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said));
  return {
    name: plan.name,
    process: child,
    said,
    send: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** When the replica stopped giving requests to the challenger, milliseconds since 1970; undefined before it did. */
function shareEnded({ said }: Replica): number | undefined {
  const shares = said.filter((one) => one.kind === 'share');
  const lastAbove = shares.findLastIndex(({ share }) => share > 0);
  return lastAbove < 0 ? undefined : shares[lastAbove + 1]?.time;
}

/** Milliseconds from the verdict in the ledger until each replica has stopped giving requests to the challenger. */
export async function rollbackLatencies(fleet: Fleet, replicas = fleet.replicas): Promise<readonly number[]> {
  const ended = () => replicas.map(shareEnded);
  await fleet.until('every replica has heard of the rollback', () => ended().every((time) => time !== undefined));
  await fleet.until('the rollback is over', async () => isFinal((await fleet.state())!));
  const verdict = (await fleet.events()).find(({ type }) => type === 'rollout.rollbackStarted')!.time;
  return ended().map((time) => time! - verdict);
}

/** Waits until all replicas give the challenger requests, and then lets versions fail. */
export async function breakWhenServed({ replicas, until }: Fleet): Promise<void> {
  await until('all replicas serve the challenger', () =>
    replicas.every(({ said }) => said.some((one) => one.kind === 'served' && one.models.includes('flight@2'))),
  );
  for (const replica of replicas) replica.send('break');
}

/** Who has answered in the replica since a time. */
export function servedSince({ said }: Replica, after: number): readonly string[] {
  return [
    ...new Set(said.flatMap((one) => (one.kind === 'served' && one.time - 100 > after ? one.models : []))),
  ].sort();
}

/** The story that every store has to stand: processes are killed all the time, and the rollout ends as if they were not. */
export async function surviveKills(
  fleet: Fleet,
  { seed, kills, version }: { readonly seed: number; readonly kills: number; readonly version: string },
): Promise<void> {
  const random = seededRandom(seed);
  const names = ['a', 'b', 'c'];
  for (const name of names) await fleet.start(name);
  const broken = () => count >= kills / 2;
  let count = 0;
  for (; !isFinal((await fleet.state())!); count++) {
    await wait(100 + random.next() * 400);
    if (count < kills) {
      const name = names[Math.floor(random.next() * names.length)]!;
      await fleet.replicas.find((one) => one.name === name)!.kill();
      await fleet.start(name);
    }
    if (broken()) for (const replica of fleet.replicas) replica.send('break');
  }
  expect(count).toBeGreaterThan(kills / 2);
  await expectOneRollout(fleet);
  expect(fleet.registry.models.aliased('flight', 'champion')?.id).toBe(version);
  const since = Date.now();
  await fleet.until(`all serve ${version} and nothing else`, () =>
    fleet.replicas.every(({ said }) => {
      const last = said.findLast((one) => one.kind === 'served');
      return last !== undefined && last.time > since + 100 && String(last.models) === version;
    }),
  );
}

/** Every step of the rollout is in the ledger once and in order, whatever became of the processes. */
async function expectOneRollout(fleet: Fleet): Promise<void> {
  const events = await fleet.events();
  const stages = events.filter(({ type }) => type === 'rollout.stageEntered').map(({ data }) => data['stage']);
  expect(stages).toEqual([0, 1].slice(0, stages.length));
  for (const type of [
    'submitted',
    'promotionStarted',
    'cutoverCommitted',
    'rollbackStarted',
    'completed',
    'rolledBack',
  ])
    expect(events.filter((event) => event.type === `rollout.${type}`).length, type).toBeLessThanOrEqual(1);
  expect(await fleet.registry.ledger.verify()).toMatchObject({ ok: true });
}
