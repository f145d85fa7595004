import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../src/index.js';
import { desk, files, withVersions } from '../desk.js';

/** What the test suites of public registries ask of theirs, as behaviours (MLflow: `tests/store/model_registry`). */
const NAME = 'flight-delay';

describe('create and rename', () => {
  test('a name is given once, and a model keeps its names', async () => {
    const { registry } = await desk();
    const { models } = registry;
    await withVersions(registry, 2);
    await expect(models.create(NAME, { owner: 'x' })).rejects.toMatchObject({ code: 'registry/exists' });
    await models.moveAlias(NAME, 'champion', `${NAME}@2`, { reason: 'go' });

    expect(await models.rename(NAME, 'late-flights')).toMatchObject({
      id: NAME,
      name: 'late-flights',
      formerNames: [NAME],
    });
    // What is deployed under the old name goes on; ids stay what they were.
    expect(models.aliased(NAME, 'champion')?.id).toBe(`${NAME}@2`);
    expect(models.aliased('late-flights', 'champion')?.id).toBe(`${NAME}@2`);
    expect((await registry.alias('late-flights', 'champion').resolve()).id).toBe(`${NAME}@2`);
    expect(models.version('late-flights@1')).toEqual(models.version(`${NAME}@1`));
    expect((await models.register('late-flights', { files: files('3') })).id).toBe(`${NAME}@3`);
    expect(models.search({ model: 'late-flights' }).items).toHaveLength(3);
    expect(models.list({ nameContains: 'late' }).items.map((m) => m.name)).toEqual(['late-flights']);
    // Nobody else can take a name that something may still be served under.
    for (const name of [NAME, 'late-flights'])
      await expect(models.create(name, { owner: 'x' })).rejects.toMatchObject({ code: 'registry/exists' });
  });

  test('a model can get an old name back, and no name of another', async () => {
    const { registry } = await desk();
    const { models } = registry;
    await models.create('a', { owner: 'x' });
    await models.create('b', { owner: 'x' });
    await expect(models.rename('a', 'b')).rejects.toMatchObject({ code: 'registry/exists' });
    await models.rename('a', 'c');
    expect(await models.rename('c', 'a')).toMatchObject({ id: 'a', name: 'a', formerNames: ['c'] });
    expect((await models.rename('a', 'a')).formerNames).toEqual(['c']);
    await expect(models.rename('b', 'c')).rejects.toMatchObject({ code: 'registry/exists' });
    await expect(models.rename('gone', 'd')).rejects.toMatchObject({ code: 'state/not-found' });
    await expect(models.rename('a', 'not a name')).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

describe('delete and recreate', () => {
  test('a deleted model is hidden, its history is not, and its name comes back as another model', async () => {
    const { registry, storage, clock } = await desk();
    const { models } = registry;
    await withVersions(registry, 2);
    await models.rename(NAME, 'late-flights');
    const moved = await models.moveAlias(NAME, 'champion', `${NAME}@1`, { reason: 'go' });
    await expect(models.delete(NAME, { reason: 'no use' })).rejects.toMatchObject({ code: 'state/precondition' });
    await clock.advance(1_000);
    await models.removeAlias(NAME, 'champion', { reason: 'end' });
    await models.delete('late-flights', { reason: 'no use' });

    for (const name of [NAME, 'late-flights']) expect(() => models.get(name)).toThrow(/no model/);
    expect(() => models.get(NAME)).toThrow(/maria deleted it .*no use/);
    expect(() => models.version(`${NAME}@1`)).toThrow(/maria deleted it/);
    expect(models.search().items).toEqual([]);
    expect(models.list().items).toEqual([]);
    await expect(models.register(NAME, { files: files('x') })).rejects.toMatchObject({ code: 'state/not-found' });
    expect(models.aliasAt(NAME, 'champion', moved.time)?.version).toBe(`${NAME}@1`);

    const again = await models.create(NAME, { owner: 'other', tags: { new: 'yes' } });
    expect(again).toMatchObject({ id: NAME, name: NAME, formerNames: [], owner: 'other', tags: { new: 'yes' } });
    expect(models.versions(NAME)).toEqual([]);
    expect((await models.register(NAME, { files: files('x') })).id).toBe(`${NAME}@3`);
    expect(models.search().items.map((v) => v.id)).toEqual([`${NAME}@3`]);
    expect((await models.moveAlias(NAME, 'champion', `${NAME}@3`, { reason: 'new' })).generation).toBe(3);
    await expect(models.rollBack(NAME, 'champion', { reason: 'x' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    await expect(models.moveAlias(NAME, 'canary', `${NAME}@1`, { reason: 'old' })).rejects.toMatchObject({
      code: 'state/not-found',
    });
    // The other name was freed too, and is now what it was never before: an id.
    expect((await models.create('late-flights', { owner: 'z' })).id).toBe('late-flights');
    expect(registry.ignored()).toEqual([]);
    await registry.ledger.checkpoint();
    const fast = await openRegistry(storage, { actor: 'ben', clock });
    expect(fast.models.list().items).toEqual(models.list().items);
    expect(fast.models.versions(NAME)).toEqual(models.versions(NAME));
  });

  test('registering with an owner brings a deleted name back too', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    await registry.models.delete(NAME, { reason: 'start again' });
    const version = await registry.models.register(NAME, { files: files('2'), owner: 'ops-2' });
    expect([version.id, registry.models.get(NAME).owner]).toEqual([`${NAME}@2`, 'ops-2']);
  });

  test('a deleted version is gone from every search and cannot be used; its number is not given again', async () => {
    const { registry } = await desk();
    const { models } = registry;
    await withVersions(registry, 3);
    await models.moveAlias(NAME, 'champion', `${NAME}@2`, { reason: 'go' });
    await models.moveAlias(NAME, 'champion', `${NAME}@3`, { reason: 'go on' });
    await expect(models.deleteVersion(`${NAME}@3`, { reason: 'x' })).rejects.toMatchObject({
      code: 'registry/lifecycle',
    });
    await models.deleteVersion(`${NAME}@2`, { reason: 'leaks names' });
    expect(models.versions(NAME).map((v) => v.number)).toEqual([1, 3]);
    expect(models.search({ model: NAME }).items.map((v) => v.number)).toEqual([3, 1]);
    await expect(models.tag(`${NAME}@2`, { a: 'b' })).rejects.toMatchObject({ code: 'state/not-found' });
    await expect(models.rollBack(NAME, 'champion', { reason: 'x' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    await expect(registry.version(`${NAME}@2`).resolve()).rejects.toMatchObject({ code: 'state/not-found' });
    expect((await models.register(NAME, { files: files('4') })).number).toBe(4);
  });

  test('does not shake off the rules: they outlive the model, and guard who may delete it', async () => {
    const { registry } = await desk('ana');
    const { models, policies } = registry;
    await withVersions(registry, 1);
    await policies.set(NAME, { aliases: { champion: { evidence: [{ kind: 'gate' }] } }, guardians: ['ana'] });
    await expect(models.delete(NAME, { reason: 'x', actor: 'ben' })).rejects.toMatchObject({ code: 'registry/denied' });
    await models.delete(NAME, { reason: 'x' });
    await models.create(NAME, { owner: 'ben', actor: 'ben' });
    const version = await models.register(NAME, { files: files('2'), actor: 'ben' });
    await expect(models.moveAlias(NAME, 'champion', version, { reason: 'go', actor: 'ben' })).rejects.toThrow(
      /No evidence of kind `gate`/,
    );
  });
});

describe('rules by risk class', () => {
  test('hold for models without rules of their own, and only guardians let a model go', async () => {
    const { registry, storage, clock } = await desk('ana');
    const { models, policies } = registry;
    await policies.setForRisk('high', {
      aliases: { champion: { approvals: [{ role: 'risk' }] } },
      guardians: ['ana'],
    });
    await models.create(NAME, { owner: 'ops', risk: 'high' });
    const version = await models.register(NAME, { files: files('1'), actor: 'ben' });
    const move = () => models.moveAlias(NAME, 'champion', version, { reason: 'go', actor: 'ben' });
    await expect(move()).rejects.toThrow(/0 of 1 approvals/);
    expect(policies.get(NAME)).toEqual(policies.forRisk('high'));
    const tries = [
      models.change(NAME, { risk: 'minimal', actor: 'ben' }),
      policies.set(NAME, { aliases: {} }, { actor: 'ben' }),
      policies.setForRisk('high', { aliases: {} }, { actor: 'ben' }),
    ];
    for (const each of await Promise.allSettled(tries))
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'registry/denied' } });
    await registry.ledger.checkpoint();
    const fast = await openRegistry(storage, { actor: 'ben', clock });
    expect(fast.policies.get(NAME)).toEqual(policies.get(NAME));
    await models.approve(version, { role: 'risk', reason: 'read', actor: 'cem' });
    expect((await move()).policy).toBe(policies.forRisk('high')?.digest);
    expect((await models.change(NAME, { risk: 'limited' })).risk).toBe('limited');
    expect(policies.get(NAME)).toBeUndefined();
  });
});
