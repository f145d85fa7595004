import { type Clock, type Random, seededRandom } from '@millwright/core';
import type { Storage } from '@millwright/core/storage';
import { type VirtualClock, virtualClock } from '@millwright/core/testing';
import { type AliasRecord, openRegistry, type Registry } from '../../src/index.js';
import { files, neighbour, START } from '../desk.js';

/** What several teams do to one registry, each through a connection of its own that loses answers and sees old heads. */
export interface LifeSize {
  readonly models: number;
  readonly versions: number;
  /** Moves that succeed, besides the rollbacks. */
  readonly promotions: number;
  readonly writers: number;
  /** Commands that a writer has under way at once; they share appends. */
  readonly batch: number;
}

/** The size that the registry promises to keep straight. */
export const FULL_LIFE: LifeSize = { models: 200, versions: 20_000, promotions: 3_000, writers: 8, batch: 50 };

/** A tenth of it, for stores that are slower than 30 seconds, unless the full size is asked for. */
export const STORE_LIFE: LifeSize =
  process.env['MILLWRIGHT_LIFE'] === 'full' ? FULL_LIFE : { ...FULL_LIFE, versions: 2_000, promotions: 300 };

export interface LifeRecord {
  /** Ids that `register` returned. */
  readonly registered: readonly string[];
  /** Records that `moveAlias` and `rollBack` returned. */
  readonly moves: readonly AliasRecord[];
  /** Moves that somebody else was faster than. */
  readonly refused: number;
  readonly clock: VirtualClock;
}

/** @param open the storage, once for each writer, as if each were a process of its own */
export async function live(open: () => Storage, size: LifeSize, schedule?: Clock['schedule']): Promise<LifeRecord> {
  const seed = 1;
  const clock = virtualClock(START);
  const founder = await openRegistry(open(), { actor: 'founder', clock, random: seededRandom(seed) });
  const found = (m: number) =>
    founder.models.create(`model-${m}`, { owner: `team-${m % 20}`, tags: { tier: `${m % 3}` } });
  await Promise.all(Array.from({ length: size.models }, (_, m) => found(m)));
  const writers = await Promise.all(
    Array.from({ length: size.writers }, (_, i) => neighbour(open(), clock, `writer-${i}`, seed + 100 + i, schedule)),
  );
  const record = { registered: [] as string[], moves: [] as AliasRecord[], refused: 0, clock };
  const left = { versions: size.versions, promotions: size.promotions };
  await Promise.all(writers.map((office, i) => work(office, seededRandom(seed + i), { size, left, record })));
  for (const each of [founder, ...writers]) await each.ledger[Symbol.asyncDispose]();
  return record;
}

interface Shift {
  readonly size: LifeSize;
  readonly left: { versions: number; promotions: number };
  readonly record: {
    readonly registered: string[];
    readonly moves: AliasRecord[];
    refused: number;
    clock: VirtualClock;
  };
}

/** One writer's life: batches of commands until everybody together has done what was asked for. */
async function work(office: Registry, random: Random, { size, left, record }: Shift): Promise<void> {
  const mix = size.promotions / (size.versions + size.promotions);
  for (let n = 0; left.versions > 0 || left.promotions > 0; n++) {
    await record.clock.advance(1);
    await Promise.all(Array.from({ length: size.batch }, (_, k) => one(`${n}.${k}`)));
  }

  async function one(label: string): Promise<void> {
    const name = `model-${pick(random, size.models)}`;
    const versions = office.models.get(name).versions;
    const moves = left.promotions > 0 && (left.versions === 0 || random.next() < mix);
    if (moves && versions > 1) return move(name, 1 + pick(random, versions), label);
    if (left.versions === 0) return;
    left.versions--;
    const facts = { metrics: { auc: pick(random, 1_000) / 1_000 }, tags: { n: label, shard: `${pick(random, 50)}` } };
    record.registered.push((await office.models.register(name, { files: files('same'), ...facts })).id);
  }

  async function move(name: string, number: number, label: string): Promise<void> {
    const alias = random.next() < 0.8 ? 'champion' : 'canary';
    const back = random.next() < 0.1;
    const reason = `${label} of ${office.ledger.head.seq}`;
    if (!back) left.promotions--;
    try {
      const moved = await (back
        ? office.models.rollBack(name, alias, { reason })
        : office.models.moveAlias(name, alias, `${name}@${number}`, { reason }));
      if (moved.reason === reason) record.moves.push(moved);
      else if (!back) left.promotions++;
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code !== 'state/precondition' && code !== 'state/not-found') throw error;
      record.refused++;
      if (!back) left.promotions++;
    }
  }
}

function pick(random: Random, n: number): number {
  return Math.floor(random.next() * n);
}
