import type { LedgerEvent } from '@millwright/core/ledger';
import { openOversight } from '@millwright/core/review';
import { describe, expect, test } from 'vitest';
import { datasetRetention, datasetSplits } from '../../src/dataset/index.js';
import { factoryMetrics, modelCard, timeline } from '../../src/governance/index.js';
import { toYaml } from '../../src/governance/yaml.js';
import type { Registry } from '../../src/index.js';
import { defineTaxonomy, taxonomies } from '../../src/label/index.js';
import { desk, withVersions } from '../desk.js';
import { HOUR, story } from './story.js';

async function events(registry: Registry): Promise<LedgerEvent[]> {
  const all: LedgerEvent[] = [];
  for await (const event of registry.ledger.read()) all.push(event);
  return all;
}

describe('the timeline', () => {
  test('tells the life of a model in sentences, each with its entry', async () => {
    const { registry } = await story();
    const told = await timeline(registry);
    const moves = told.filter((entry) => entry.kind === 'alias.moved').map((entry) => entry.sentence);
    expect(moves).toEqual([
      'flight-delay: champion moved to flight-delay@1: Better on every slice.',
      'flight-delay: champion moved from flight-delay@1 to flight-delay@2: Better on every slice.',
      'flight-delay: champion rolled back from flight-delay@2 to flight-delay@1: Late at night.',
    ]);
    expect(told.map((entry) => entry.sentence)).toContain(
      'Evidence on flight-delay@1: robustness is undecided: Too few night flights.',
    );
    expect(told.map((entry) => entry.sentence)).toContain('Dataset flights@1 added (curated, 512,345 rows).');
    expect(told.find((e) => e.kind === 'approval.given')?.sentence).toBe(
      'ravi approved flight-delay@1 as risk: Read the report.',
    );
    expect(told.some((entry) => entry.kind === 'lineage.recorded')).toBe(false);
    for (const entry of told) expect(entry.sentence).not.toMatch(/undefined|\?/);
    const [first] = (await events(registry)).filter((e) => e.type === 'alias.moved');
    expect(told.find((entry) => entry.kind === 'alias.moved')).toMatchObject({
      eventIndex: first?.index,
      time: first?.time,
      actor: 'maria',
    });
  });

  test('knows what becomes of datasets, taxonomies and those who watch over the model', async () => {
    const { registry } = await desk();
    const data = await registry.datasets.add('flights', { rowCount: 4 }, { layer: 'raw' });
    const { size } = registry.ledger.head;
    await (await datasetSplits(registry)).record(data, 'by-day', { train: { ids: [1, 2] }, test: { ids: [2] } });
    const retention = await datasetRetention(registry);
    await retention.setRule({ of: 'layer', name: 'raw', deleteAfterMs: 1, basis: 'Tickets hold names.' });
    await retention.delete(data, { reason: 'Asked for.' });
    await (await taxonomies(registry)).publish(defineTaxonomy('cause', [{ id: 'snow', label: 'Snow' }]));
    const refunds = await openOversight(registry.ledger, 'refunds');
    await refunds.set({ mode: 'in-command' }, { reason: 'The board decided.' });
    await refunds.stop({ reason: 'It pays everybody.' });
    expect((await timeline(registry, { from: size })).map((entry) => entry.sentence)).toEqual([
      'Dataset flights@1 split (by-day): fails.',
      'Retention of layer raw set: Tickets hold names.',
      'maria deleted dataset flights@1: Asked for.',
      'Taxonomy cause@1 published.',
      'maria set the oversight of refunds: The board decided.',
      'maria stopped refunds: It pays everybody.',
    ]);
  });

  test('can be narrowed, continued and taught new words; unknown events say what they can', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const { size } = registry.ledger.head;
    await registry.ledger.commit(() => ({
      events: [
        { type: 'rollout.rolledBack', data: { model: 'flight-delay', sentence: 'Errors doubled at 5 %.' } },
        { type: 'weird.happened', data: { n: 1 } },
        { type: 'secret.kept', data: {} },
      ],
      result: undefined,
    }));
    const sentences = { 'secret.kept': () => undefined, 'weird.happened': (e: LedgerEvent) => `n was ${e.data['n']}` };
    const told = await timeline(registry, { from: size, sentences });
    expect(told.map((e) => e.sentence)).toEqual([
      'Rollout rolled back (flight-delay): Errors doubled at 5 %.',
      'n was 1',
    ]);
    expect((await timeline(registry, { kinds: ['model.created'] })).map((e) => e.kind)).toEqual(['model.created']);
  });
});

describe('factory metrics', () => {
  test('are computed from the ledger alone', async () => {
    const { registry } = await story();
    const metrics = factoryMetrics(await events(registry));
    expect(metrics).toMatchObject({
      definition: 'millwright.factory-metrics/2',
      versionsRegistered: 2,
      promotions: 2,
      rollbacks: 1,
      changeFailureRate: 0.5,
      gateRejectionRate: 0,
      gateHoldRate: 0,
      evidenceCoverage: 1,
      denied: 2,
      breakGlass: 0,
      runFailureRate: 0,
    });
    expect(metrics.leadTimeMs?.count).toBe(2);
    expect(metrics.leadTimeMs?.median).toBeCloseTo(2 * HOUR, -2);
    expect(metrics.timeToRollbackMs?.max).toBeCloseTo(2 * HOUR, -2);
    // The first version serves again, seven hours after it was registered.
    expect(metrics.servingAgeMs).toMatchObject({ count: 1 });
    expect(metrics.servingAgeMs?.max).toBeCloseTo(7 * HOUR, -2);
    expect(metrics.promotionsPerWeek).toBeCloseTo((2 * 7 * 24) / 8, 1);
  });

  test('count failures within the window, on production aliases, and leave undefined what has no ground', async () => {
    const { registry } = await story();
    const all = await events(registry);
    expect(factoryMetrics(all, { failureWindowMs: HOUR }).changeFailureRate).toBe(0);
    expect(factoryMetrics(all, { productionAliases: ['live'] })).toMatchObject({
      promotions: 0,
      changeFailureRate: undefined,
      leadTimeMs: undefined,
      servingAgeMs: undefined,
    });
    expect(factoryMetrics([])).toMatchObject({
      from: undefined,
      promotionsPerWeek: undefined,
      gateRejectionRate: undefined,
    });
  });
});

describe('the model card', () => {
  test('is written from the ledger, with entries to prove each statement', async () => {
    const { registry } = await story();
    const card = await modelCard(registry, 'flight-delay@2', { license: 'apache-2.0', task: 'tabular-classification' });
    const [, front, text] = card.split('---\n');
    expect(front).toContain('license: "apache-2.0"\n');
    expect(front).toContain('pipeline_tag: tabular-classification\n');
    expect(front).toContain('datasets:\n  - flights\n  - flights-raw\n');
    expect(front).toContain('          - type: auc\n            value: 0.67\n            name: "auc (origin=ORD)"\n');
    for (const title of [
      'Intended use',
      'Out of scope',
      'Inputs and outputs',
      'Data',
      'Training',
      'Metrics',
      'Evidence',
      'Limits',
      'Approvals',
      'Use',
      'Lineage',
    ])
      expect(text).toContain(`## ${title}\n`);
    expect(text).toContain('- robustness is undecided: Too few night flights.');
    expect(text).toContain('&lt;passengers&gt;');
    expect(text).toContain('| auc | origin=ORD | 0.67 | 900 |');
    const [move] = registry.models.movesOf('flight-delay@2');
    expect(text).toContain(`\`champion\` moved here by maria: Better on every slice (#${move?.eventIndex})`);
    expect(text).toContain('`champion` rolled back away to flight-delay@1 by oncall: Late at night');
    expect(card).toContain(registry.ledger.head.root);
  });

  test('names what the ledger does not know', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const card = await modelCard(registry, 'flight-delay@1');
    expect(card).toMatch(/## Not in the ledger\n\n- Out of scope\n- Inputs and outputs\n- Data\n- Training\n/);
    await expect(modelCard(registry, 'flight-delay@2')).rejects.toMatchObject({ code: 'state/not-found' });
  });

  test('has front matter that stays text whatever people write', () => {
    const yaml = toYaml({
      a: 'no',
      b: '1e3',
      c: 'x: y\n- z',
      d: Number.NaN,
      e: [],
      f: ['null', { k: 'v', l: [1, 2] }],
      g: undefined,
      'h i': true,
    });
    expect(yaml).toBe(
      'a: "no"\nb: "1e3"\nc: "x: y\\n- z"\nd: "NaN"\nf:\n  - "null"\n  - k: v\n    l:\n      - 1\n      - 2\n"h i": true\n',
    );
  });
});
