import { seededRandom } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import type { Storage } from '@millwright/core/storage';
import { expect } from 'vitest';
import { openRegistry, type Registry, type VersionFilter } from '../../src/index.js';
import type { LifeRecord, LifeSize } from './life.js';

/** Judges a life from the raw log, without any of the registry's code: nothing lost, and every answer as by brute force. */
export async function checkLife(storage: Storage, size: LifeSize, { registered, moves, refused, clock }: LifeRecord) {
  const registry = await openRegistry(storage, { actor: 'auditor', clock });
  const truth = await replay(registry);
  expect(registry.ignored()).toEqual([]);

  // Numbers are dense, and nobody was told a number that is not there, or one that somebody else was told too.
  expect(truth.versions.size).toBe(size.versions);
  for (const [name, numbers] of truth.numbers) expect(numbers, name).toEqual(numbers.map((_, i) => i + 1));
  expect(registered.toSorted()).toEqual([...truth.versions.keys()].sort());

  // Every acknowledged move is in the log once, each starts where the one before ended, and no other move is there.
  const logged = [...truth.moves.values()].flat();
  expect(logged.filter((move) => move.kind === 'move')).toHaveLength(size.promotions);
  expect(moves.map((m) => m.eventIndex).sort(byNumber)).toEqual(logged.map((m) => m.index).sort(byNumber));
  for (const move of moves) expect(registry.models.history(move.model, move.alias)[move.generation - 1]).toEqual(move);
  for (const history of truth.moves.values())
    expect(history.map((move) => move.from)).toEqual([undefined, ...history.slice(0, -1).map((move) => move.to)]);

  const questions = askPast(registry, truth) + askNow(registry, truth);
  expect((await registry.ledger.verify()).ok).toBe(true);
  await registry.ledger[Symbol.asyncDispose]();
  return { commits: registry.ledger.head.seq, events: registry.ledger.head.size, questions, refused };
}

type Truth = Awaited<ReturnType<typeof replay>>;

interface PlainVersion {
  readonly id: string;
  readonly model: string;
  readonly index: number;
  readonly auc: number;
  readonly shard: string;
}

async function replay(registry: Registry) {
  const numbers = new Map<string, number[]>();
  const versions = new Map<string, PlainVersion>();
  const owners = new Map<string, string>();
  const moves = new Map<
    string,
    { time: number; to: string; from: string | undefined; index: number; kind: string }[]
  >();
  for await (const { type, data, time, index } of registry.ledger.read()) {
    const model = String(data['model']);
    if (type === 'model.created') owners.set(String(data['name']), String(data['owner']));
    if (type === 'version.registered') {
      push(numbers, model, Number(data['number']));
      const id = `${model}@${data['number']}`;
      const { auc } = data['metrics'] as { readonly auc: number };
      versions.set(id, { id, model, index, auc, shard: (data['tags'] as LedgerEvent['data'])['shard'] as string });
    }
    if (type === 'alias.moved')
      push(moves, `${model} ${data['alias']}`, {
        time,
        to: String(data['to']),
        from: data['from'] as string | undefined,
        index,
        kind: String(data['kind']),
      });
  }
  return { numbers, versions, owners, moves };
}

/** Who was champion at T: at every move, just before and after it, and at times drawn at random for every alias. */
function askPast(registry: Registry, { moves }: Truth): number {
  const random = seededRandom(7);
  const all = [...moves.values()].flat().map((move) => move.time);
  let asked = 0;
  for (const [key, history] of moves) {
    const [name, alias] = key.split(' ') as [string, string];
    const times = history.flatMap(({ time }) => [time - 1, time, time + 1]);
    for (let i = 0; i < 50; i++) times.push(all[Math.floor(random.next() * all.length)]!);
    for (const time of times) {
      const plain = history.findLast((move) => move.time <= time);
      const answer = registry.models.aliasAt(name, alias, time);
      if (answer?.eventIndex !== plain?.index || answer?.version !== plain?.to)
        expect(answer, `${key} at ${time}`).toEqual(plain);
      asked++;
    }
  }
  return asked;
}

/** Searches, page by page, against a filter over all versions. */
function askNow(registry: Registry, { versions, owners, moves }: Truth): number {
  const champions = new Set([...moves].filter(([key]) => key.endsWith(' champion')).map(([, all]) => all.at(-1)!.to));
  const all = [...versions.values()];
  const questions: [VersionFilter, (version: PlainVersion) => boolean][] = [
    [{ owner: 'team-7' }, (v) => owners.get(v.model) === 'team-7'],
    [{ tags: { shard: '3' } }, (v) => v.shard === '3'],
    [{ metrics: { auc: { atLeast: 0.9 } } }, (v) => v.auc >= 0.9],
    [{ model: 'model-5', metrics: { auc: { atMost: 0.5 } } }, (v) => v.model === 'model-5' && v.auc <= 0.5],
    [{ alias: 'champion' }, (v) => champions.has(v.id)],
  ];
  for (const [filter, holds] of questions) {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = registry.models.search(filter, { order: 'oldest', limit: 97, after });
      found.push(...page.items.map((version) => version.id));
      after = page.next;
    } while (after !== undefined);
    const wanted = all.filter(holds).sort((a, b) => a.index - b.index);
    expect(found, JSON.stringify(filter)).toEqual(wanted.map((version) => version.id));
  }
  return questions.length;
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

const byNumber = (a: number, b: number) => a - b;
