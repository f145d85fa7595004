import { type Random, seededRandom } from '@millwright/core';
import { expect, test } from 'vitest';
import { type AliasRecord, openRegistry, type Registry } from '../../src/index.js';
import { desk, files, neighbour } from '../desk.js';

interface Life {
  readonly models: number;
  readonly writers: number;
  readonly commands: number;
}

/** What eight teams do to one registry through stores that lose answers. */
async function live({ models, writers, commands }: Life) {
  const { registry, storage, clock } = await desk('founder');
  for (let m = 0; m < models; m++) await registry.models.create(`model-${m}`, { owner: `team-${m % 5}` });
  const offices = await Promise.all(
    Array.from({ length: writers }, (_, i) => neighbour(storage, clock, `writer-${i}`, 100 + i)),
  );
  const moves: AliasRecord[] = [];
  const registered: string[] = [];
  let refused = 0;
  await Promise.all(
    offices.map(async (office, i) => {
      const random = seededRandom(i);
      for (let n = 0; n < commands; n++) {
        const name = `model-${pick(random, models)}`;
        const versions = office.models.get(name).versions;
        const draw = random.next();
        await clock.advance(1);
        if (versions < 2 || draw < 0.5)
          registered.push((await office.models.register(name, { files: files('same'), tags: { n: String(n) } })).id);
        else {
          const alias = draw < 0.9 ? 'champion' : 'canary';
          const reason = `${i}.${n}`;
          const move =
            draw > 0.8 && draw < 0.9
              ? office.models.rollBack(name, alias, { reason })
              : office.models.moveAlias(name, alias, `${name}@${1 + pick(random, versions)}`, { reason });
          await move.then(
            (record) => (record.reason === reason ? moves.push(record) : undefined),
            (error: { readonly code?: string }) => {
              if (error.code !== 'state/precondition' && error.code !== 'state/not-found') throw error;
              refused++;
            },
          );
        }
      }
    }),
  );
  return { storage, clock, moves, registered, refused };
}

function pick(random: Random, n: number): number {
  return Math.floor(random.next() * n);
}

/** The same questions answered from the raw log, without any of the registry's code. */
async function replay(registry: Registry) {
  const numbers = new Map<string, number[]>();
  const moves = new Map<string, { time: number; to: string; from: string | undefined; index: number }[]>();
  for await (const { type, data, time, index } of registry.ledger.read()) {
    if (type === 'version.registered') push(numbers, String(data['model']), Number(data['number']));
    if (type === 'alias.moved')
      push(moves, `${data['model']} ${data['alias']}`, {
        time,
        to: String(data['to']),
        from: data['from'] as string | undefined,
        index,
      });
  }
  return { numbers, moves };
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

test('a life with many writers loses nothing, and every question about the past is answered as by brute force', async () => {
  const { storage, clock, moves, registered, refused } = await live({ models: 12, writers: 8, commands: 60 });
  const registry = await openRegistry(storage, { actor: 'auditor', clock });
  const truth = await replay(registry);
  expect(registry.ignored()).toEqual([]);

  for (const [name, numbers] of truth.numbers) expect(numbers, name).toEqual(numbers.map((_, i) => i + 1));
  expect(registered.sort()).toEqual([...truth.numbers].flatMap(([name, all]) => all.map((n) => `${name}@${n}`)).sort());

  const logged = [...truth.moves.values()].flat();
  expect(logged).toHaveLength(moves.length);
  for (const move of moves) expect(registry.models.history(move.model, move.alias)[move.generation - 1]).toEqual(move);

  const times = logged.flatMap(({ time }) => [time - 1, time, time + 1]);
  for (const [key, history] of truth.moves) {
    const [name, alias] = key.split(' ') as [string, string];
    history.forEach((move, i) => {
      expect(move.from).toBe(history[i - 1]?.to);
    });
    for (const time of times.filter((_, i) => i % 7 === 0)) {
      const plain = history.findLast((move) => move.time <= time);
      const asked = registry.models.aliasAt(name, alias, time);
      expect([asked?.version, asked?.eventIndex]).toEqual([plain?.to, plain?.index]);
    }
  }
  expect(moves.length).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(0);
  expect((await registry.ledger.verify()).ok).toBe(true);
}, 60_000);
