import { describe, expect, test } from 'vitest';
import { deployedSystems, eventLog } from '../../src/governance/index.js';
import { desk, files, withVersions } from '../desk.js';
import { HOUR, START, story } from './story.js';

async function linesOf(lines: AsyncIterable<string>): Promise<Record<string, unknown>[]> {
  let text = '';
  for await (const line of lines) text += line;
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of events', () => {
  test('has every event of a period, in order, under one root', async () => {
    const { registry } = await story();
    const [first, ...rest] = await linesOf(eventLog(registry));
    expect(first).toMatchObject({ format: 'millwright.event-log/1', root: registry.ledger.head.root, model: null });
    const last = rest.pop();
    expect(last).toEqual({ end: true, events: rest.length });
    const all: unknown[] = [];
    for await (const { index, type, actor } of registry.ledger.read()) all.push([index, type, actor]);
    expect(rest.map(({ entry, type, actor }) => [entry, type, actor])).toEqual(all);

    const early = await linesOf(eventLog(registry, { until: START + HOUR }));
    const late = await linesOf(eventLog(registry, { from: START + HOUR }));
    expect([...early.slice(1, -1), ...late.slice(1, -1)]).toEqual(rest);
    expect(early.length).toBeGreaterThan(3);
    expect(late[0]).toMatchObject({ from: new Date(START + HOUR).toISOString(), until: null });
  });

  test('of one model leaves out the others, also those with a similar name', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1, 'fraud');
    await withVersions(registry, 1, 'fraud-2');
    await registry.models.moveAlias('fraud', 'champion', 'fraud@1', { reason: 'go' });
    const types = (await linesOf(eventLog(registry, { model: 'fraud' }))).map(({ type }) => type);
    expect(types.slice(1, -1)).toEqual(['model.created', 'version.registered', 'lineage.recorded', 'alias.moved']);
  });
});

describe('the catalogue of deployed systems', () => {
  test('names what is in use, since when, and on what grounds', async () => {
    const { registry } = await story();
    await registry.models.register('spam', { files: files('s'), owner: 'mail|x', risk: 'minimal' });
    await registry.models.moveAlias('spam', 'canary', 'spam@1', { reason: 'try' });
    await registry.models.create('idle', { owner: 'nobody' });
    const { systems, evidenceCoverage, toMarkdown } = deployedSystems(registry);
    expect(systems.map((s) => [s.model.id, s.alias, s.version, s.governed])).toEqual([
      ['flight-delay', 'champion', 'flight-delay@1', true],
      ['spam', 'canary', 'spam@1', false],
    ]);
    expect(systems[0]).toMatchObject({ move: { by: 'oncall', kind: 'rollback' }, approvedAs: ['risk'] });
    expect(systems[0]?.evidence.map((e) => [e.kind, e.verdict])).toEqual([
      ['gate', 'pass'],
      ['robustness', 'insufficient'],
    ]);
    expect(evidenceCoverage).toBe(0);
    await registry.models.attachEvidence('spam@1', { kind: 'gate', verdict: 'pass' });
    expect(deployedSystems(registry).evidenceCoverage).toBe(0.5);
    expect(toMarkdown()).toContain('| spam | mail\\|x | minimal |  | canary | spam@1 |');
  });

  test('is empty where nothing is in use', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    expect(deployedSystems(registry)).toMatchObject({ systems: [], evidenceCoverage: undefined });
  });
});
