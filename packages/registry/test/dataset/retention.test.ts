import { collectGarbage } from '@millwright/core/garbage';
import { memoryHint, memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datasetRetention, datasetRetentionProjection } from '../../src/dataset/index.js';
import { openRegistry, type Registry } from '../../src/index.js';
import { desk, files, HOUR, START } from '../desk.js';

const DAY = 24 * HOUR;
const csv = (text: string) => ({ files: { 'rows.csv': new TextEncoder().encode(text) } });

async function archive() {
  const { registry, clock, storage } = await desk();
  return { registry, clock, storage, retention: await datasetRetention(registry) };
}

describe('the retention of datasets', () => {
  test('says what may go and why, deletes it, and keeps its node in the lineage', async () => {
    const { registry, clock, retention } = await archive();
    const rule = await retention.setRule({
      of: 'layer',
      name: 'staged',
      deleteAfterMs: 90 * DAY,
      basis: 'tickets hold names',
    });
    expect(rule.digest).toMatch(/^sha256:/);
    const raw = await registry.datasets.add('tickets', csv('a'), { layer: 'raw' });
    const staged = await registry.datasets.add('tickets', csv('b'), { layer: 'staged', madeFrom: [raw] });
    const curated = await registry.datasets.add('tickets', csv('c'), { layer: 'curated', madeFrom: [staged] });
    expect(retention.ruleOf(staged)).toEqual(rule);
    expect(retention.ruleOf(raw)).toBeUndefined();

    expect(retention.due(START + 89 * DAY)).toEqual([]);
    const [due, ...others] = retention.due(START + 91 * DAY);
    expect(due).toMatchObject({ dataset: { id: staged.id }, rule: { digest: rule.digest }, mayGo: true });
    expect(due?.reason).toBe('90.9 days old, kept for 90 days (tickets hold names)');
    expect(others).toEqual([]);

    expect(await retention.apply()).toEqual([]);
    await clock.advance(91 * DAY);
    const [deletion, ...rest] = await retention.apply({ actor: 'janitor' });
    expect(deletion).toMatchObject({ dataset: staged.id, rule: rule.digest, by: 'janitor' });
    expect(rest).toEqual([]);
    expect(await retention.apply()).toEqual([]);
    expect(retention.deletion(staged)).toEqual(deletion);
    expect(retention.deletion(raw)).toBeUndefined();
    expect(registry.datasets.get(staged).digest).toBe(staged.digest);
    expect(registry.lineage.next.get(raw.node)).toEqual([staged.node]);
    expect(registry.lineage.next.get(staged.node)).toEqual([curated.node]);
  });

  test('frees the files, also those that a checkpoint mentions, and never what another dataset shares', async () => {
    const clock = virtualClock(START);
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const registry = await openRegistry(storage, { actor: 'maria', clock });
    const retention = await datasetRetention(registry);
    const alone = await registry.datasets.add('a', csv('alone'), { layer: 'staged' });
    const shared = await registry.datasets.add('b', csv('shared'), { layer: 'staged' });
    const twin = await registry.datasets.add('c', csv('shared'), { layer: 'raw' });
    await retention.delete(alone, { reason: 'asked for' });
    await retention.delete(shared, { reason: 'asked for' });
    await registry.ledger.checkpoint();
    const collect = () =>
      collectGarbage(registry.ledger, storage.blobs, { hint: storage.hint, dryRun: false, graceMs: 0, clock });
    await clock.advance(DAY);
    await collect();
    await clock.advance(DAY);
    await collect();
    await expect(registry.datasets.open(alone)).rejects.toMatchObject({ code: 'artifact/missing' });
    await (await registry.datasets.open(twin)).bytes('rows.csv');
    await retention.delete(twin, { reason: 'asked for' });
    await collect();
    await collect();
    await expect(registry.datasets.open(twin)).rejects.toMatchObject({ code: 'artifact/missing' });

    const again = await openRegistry(storage, {
      actor: 'maria',
      clock,
      projections: [datasetRetentionProjection],
    });
    expect(again.ledger.state(datasetRetentionProjection).deletions).toEqual(
      registry.ledger.state(datasetRetentionProjection).deletions,
    );
  });

  test('keeps what a model in use was made from, what is held, and the newest', async () => {
    const { registry, clock, retention } = await archive();
    await retention.setRule({ of: 'layer', name: 'curated', deleteAfterMs: DAY, keepNewest: 1, basis: 'space' });
    const used = await registry.datasets.add('used', csv('1'), { layer: 'curated' });
    await registry.datasets.add('used', csv('2'), { layer: 'curated' });
    const held = await registry.datasets.add('held', csv('3'), { layer: 'curated' });
    await registry.datasets.add('held', csv('4'), { layer: 'curated' });
    const version = await registry.models.register('m', { files: files('m'), madeFrom: [used], owner: 'ops' });
    await registry.models.moveAlias('m', 'champion', version, { reason: 'first' });
    await retention.hold([held], { reason: 'case 12' });
    await clock.advance(2 * DAY);
    expect(retention.due(clock.now()).map(({ dataset, mayGo, reason }) => [dataset.id, mayGo, reason])).toEqual([
      ['used@1', false, 'what m@1 was made from, and that is `champion`'],
      ['held@1', false, 'under legal hold (case 12)'],
    ]);
    expect(await retention.apply()).toEqual([]);
    await expect(retention.delete(held, { reason: 'asked for' })).rejects.toMatchObject({ code: 'state/precondition' });
    await retention.release([held], { reason: 'case 12' });
    await registry.models.removeAlias('m', 'champion', { reason: 'over' });
    expect((await retention.apply()).map(({ dataset }) => dataset)).toEqual(['used@1', 'held@1']);
  });

  test('refuses what is too young, gone, unknown or no rule; the rule of a dataset goes before that of its layer', async () => {
    const { registry, retention } = await archive();
    await retention.setRule({ of: 'layer', name: 'raw', keepMs: DAY, basis: 'Art. 19' });
    const raw = await registry.datasets.add('logs', csv('1'), { layer: 'raw' });
    await expect(retention.delete(raw, { reason: 'space' })).rejects.toThrow(
      'logs@1 may not be deleted: it is 0 days old and to be kept for 1 day (Art. 19).',
    );
    await retention.setRule({ of: 'dataset', name: 'logs', basis: 'no logs of people' });
    await retention.delete(raw, { reason: 'space' });
    await expect(retention.delete(raw, { reason: 'space' })).rejects.toMatchObject({ code: 'state/precondition' });
    await expect(retention.delete('none@1', { reason: 'x' })).rejects.toMatchObject({ code: 'state/not-found' });
    expect(retention.rules()).toHaveLength(2);
    for (const rule of [
      { of: 'layer', name: 'gold', basis: 'x' },
      { of: 'dataset', name: 'logs', basis: '' },
      { of: 'layer', name: 'raw', keepMs: 2, deleteAfterMs: 1, basis: 'x' },
      { of: 'layer', name: 'raw', keepMs: 0.5, basis: 'x' },
    ] as const)
      await expect(retention.setRule(rule)).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

test('property: whatever is written past the library, nothing goes that is held or too young', async () => {
  const act = fc.record({
    what: fc.constantFrom('add', 'rule', 'hold', 'release', 'delete', 'forge', 'apply', 'wait'),
    dataset: fc.integer({ min: 1, max: 3 }),
    days: fc.integer({ min: 0, max: 4 }),
  });
  let gone = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 6, maxLength: 20 }), async (acts) => {
      const { registry, clock, storage, retention } = await archive();
      for (let i = 1; i <= 3; i++) await registry.datasets.add('d', csv(`${i}`), { layer: 'raw' });
      for (const { what, dataset, days } of acts) {
        const id = `d@${dataset}`;
        if (what === 'add') await registry.datasets.add('d', csv(`${days}`), { layer: 'raw' });
        else if (what === 'rule')
          await retention.setRule({ of: 'layer', name: 'raw', keepMs: days * DAY, deleteAfterMs: 4 * DAY, basis: 'r' });
        else if (what === 'hold') await retention.hold([id], { reason: 'case' });
        else if (what === 'release') await retention.release([id], { reason: 'case' });
        else if (what === 'delete') await retention.delete(id, { reason: 'asked' }).catch(() => undefined);
        else if (what === 'forge') await forge(registry, id);
        else if (what === 'apply') await retention.apply();
        else await clock.advance(days * DAY);
      }
      gone += await audit(registry);
      const reader = await openRegistry(storage, { actor: 'reader', projections: [datasetRetentionProjection] });
      expect(reader.ledger.state(datasetRetentionProjection).deletions).toEqual(
        registry.ledger.state(datasetRetentionProjection).deletions,
      );
    }),
    { numRuns: 60 },
  );
  expect(gone).toBeGreaterThan(20);
});

async function forge(registry: Registry, dataset: string): Promise<void> {
  const event = { type: 'dataset.deleted', data: { dataset, reason: 'forged' } };
  await registry.ledger.commit(() => ({ events: [event], result: undefined }));
}

/** Replays the log naively: what the fold says is gone was neither held nor too young when it went. */
async function audit(registry: Registry): Promise<number> {
  const { deletions } = registry.ledger.state(datasetRetentionProjection);
  const ids = new Map<string, string>();
  const added = new Map<string, number>();
  const held = new Set<string>();
  let keepMs = 0;
  for await (const { type, data, time, index } of registry.ledger.read()) {
    const refs = Array.isArray(data['refs']) ? data['refs'].map(String) : [];
    if (type === 'dataset.added') {
      ids.set(`d@${data['number']}`, String(data['digest']));
      added.set(`d@${data['number']}`, time);
    } else if (type === 'dataset.ruleSet') keepMs = Number(data['keepMs']);
    else if (type === 'hold.placed') for (const ref of refs) held.add(ref);
    else if (type === 'hold.released') for (const ref of refs) held.delete(ref);
    const gone = [...deletions.values()].find(({ eventIndex }) => eventIndex === index);
    if (gone === undefined) continue;
    expect(type).toBe('dataset.deleted');
    expect(held.has(ids.get(gone.dataset)!)).toBe(false);
    expect(time - added.get(gone.dataset)!).toBeGreaterThanOrEqual(keepMs);
  }
  return deletions.size;
}
