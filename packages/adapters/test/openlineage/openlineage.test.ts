import { ancestors, impact } from '@millwright/core/lineage';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ingestOpenLineage, openLineageEvents, runEvent, runUuid } from '../../src/openlineage.js';
import { emitted, line, options } from './support.js';

/** What is longer is named by its digest. */
const fits = (text: string) => encodeURIComponent(text).length <= 100;

describe('emitting', () => {
  it('starts and ends every run, with what it used and made', async () => {
    const { registry, train } = await line();
    const events = await emitted(registry);
    const types = events.map((event) => ('run' in event ? event.eventType : 'dataset'));
    expect(types).toEqual(['dataset', 'START', 'COMPLETE', 'OTHER', 'START', 'FAIL', 'START', 'ABORT']);
    const complete = events.find((event) => 'run' in event && event.eventType === 'COMPLETE');
    expect(complete).toMatchObject({
      producer: options.producer,
      schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
      run: {
        runId: runUuid(registry, train),
        facets: {
          executionParameters: {
            parameters: [
              { key: 'depth', value: '6' },
              { key: 'loss', value: 'log' },
            ],
          },
          millwright_run: { metrics: { auc: '0.9', gap: 'NaN' } },
          tags: { tags: [{ key: 'team', value: 'risk' }] },
        },
      },
      job: { namespace: `millwright://${registry.ledger.id}`, name: 'train' },
      inputs: [
        {
          name: 'payments',
          facets: { version: { datasetVersion: '1' }, schema: { fields: [{ name: 'euros', type: 'float64' }] } },
          inputFacets: { dataQualityAssertions: { assertions: [{ success: false, actual: 'insufficient' }] } },
        },
      ],
      outputs: [
        { name: 'model/fraud', facets: { datasetType: { datasetType: 'MODEL' }, version: { datasetVersion: '1' } } },
      ],
    });
  });

  it('says later what a run made that was registered later', async () => {
    const events = await emitted((await line()).registry);
    const other = events.find((event) => 'run' in event && event.eventType === 'OTHER');
    expect(other).toMatchObject({
      job: { name: 'train' },
      outputs: [{ name: 'scores', outputFacets: { outputStatistics: { rowCount: 3 } } }],
    });
    expect(events[1]).toMatchObject({ run: { facets: { millwright_run: { metrics: {} } } }, outputs: [] });
  });

  it('names a run by one UUID, whoever emits it', async () => {
    const { registry, train } = await line();
    expect(runUuid(registry, train)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(runUuid(registry, { id: train.id })).toBe(runUuid(registry, train));
    expect(runUuid((await line(2)).registry, train)).not.toBe(runUuid(registry, train));
  });

  it('goes on from a cursor', async () => {
    const { registry } = await line();
    const all = await emitted(registry);
    const stop = new AbortController();
    let cursor = 0;
    for await (const each of openLineageEvents(registry, { ...options, from: 0, signal: stop.signal })) {
      cursor = each.cursor;
      stop.abort();
    }
    expect(await emitted(registry, cursor)).toEqual(all.slice(1));
  });

  it('refuses a producer that is no URI, and a run that there is not', async () => {
    const { registry } = await line();
    expect(() => runEvent(registry, 'train@1', 'START', { producer: 'me' })).toThrow(
      expect.objectContaining({ code: 'input/invalid' }),
    );
    expect(() => runEvent(registry, 'train@9', 'START', options)).toThrow(
      expect.objectContaining({ code: 'state/not-found' }),
    );
  });
});

describe('ingesting', () => {
  const good = {
    ...{
      eventTime: '2026-01-01T00:00:00Z',
      producer: 'urn:x',
      schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json',
    },
    ...{ run: { runId: '0190c2f8-0000-7000-8000-000000000001' }, job: { namespace: 'a', name: 'b' } },
  };
  const open = () => openRegistry(memoryStorage(), { actor: 'reader' });

  it('joins foreign lineage to our own', async () => {
    const registry = await open();
    const { outputs } = await ingestOpenLineage(registry, {
      eventTime: '2026-01-01T00:00:00Z',
      eventType: 'COMPLETE',
      producer: 'https://example.org/spark',
      schemaURL: 'https://openlineage.io/spec/1-0-2/OpenLineage.json#/$defs/RunEvent',
      run: { runId: '0190C2F8-0000-7000-8000-000000000001', facets: { environmentVariables: { password: 'hunter2' } } },
      job: { namespace: 'spark', name: 'clean payments' },
      inputs: [{ namespace: 's3://raw', name: 'payments' }],
      outputs: [{ namespace: 's3://clean', name: 'payments', facets: { version: { datasetVersion: '7' } } }],
    });
    expect(outputs).toEqual(['dataset:openlineage/s3%3A%2F%2Fclean/payments@7']);
    const run = await registry.runs.start('train', { uses: outputs });
    const files = { 'm.txt': new Uint8Array([1]) };
    const version = await registry.models.register('fraud', { files, owner: 'risk', madeBy: run });
    expect(ancestors(registry.lineage, version.node).map(({ id }) => id)).toEqual([
      'run:train@1',
      'dataset:openlineage/s3%3A%2F%2Fclean/payments@7',
      'run:openlineage/spark/clean%20payments@0190c2f8-0000-7000-8000-000000000001',
      'dataset:openlineage/s3%3A%2F%2Fraw/payments',
    ]);
    expect(impact(registry.lineage, 'dataset:openlineage/s3%3A%2F%2Fraw/payments', 'model')).toHaveLength(1);
    for await (const event of registry.ledger.read()) expect(JSON.stringify(event)).not.toContain('hunter2');
    // What we used is there by the name that the other system gave it.
    expect(runEvent(registry, run, 'START', options).inputs).toMatchObject([
      { namespace: 's3://clean', name: 'payments', facets: { version: { datasetVersion: '7' } } },
    ]);
  });

  it('names read back whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(fits), async (odd) => {
        const registry = await open();
        const dataset = { namespace: odd, name: `a/${odd}` };
        const { inputs } = await ingestOpenLineage(registry, { ...good, inputs: [dataset] });
        const run = await registry.runs.start('train', { uses: inputs });
        expect(runEvent(registry, run, 'START', options).inputs).toMatchObject([dataset]);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same graph as the ledger that emitted', async () => {
    const { registry } = await line();
    const copy = await open();
    for (const event of await emitted(registry)) await ingestOpenLineage(copy, event);
    const ours = registry.lineage;
    const model = [...copy.lineage.nodes.keys()].find((id) => id.startsWith('model:') && id.endsWith('fraud@1'));
    expect(
      ancestors(copy.lineage, model!)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(
      ancestors(ours, 'model:fraud@1')
        .map(({ kind }) => kind)
        .toSorted(),
    );
  });

  it('takes an event twice as once, and large ones in pieces', async () => {
    const registry = await open();
    const inputs = Array.from({ length: 300 }, (_, i) => ({ namespace: '🜁'.repeat(400), name: `table ${i}` }));
    const event = {
      ...{ eventTime: 'x', producer: 'urn:x', schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json' },
      ...{ run: { runId: '0190c2f8-0000-7000-8000-000000000001' }, job: { namespace: 'a', name: 'b' }, inputs },
    };
    const first = await ingestOpenLineage(registry, event);
    const { size } = registry.ledger.head;
    expect(await ingestOpenLineage(registry, event)).toEqual(first);
    expect(registry.ledger.head.size).toBe(size);
    expect(new Set(first.inputs).size).toBe(300);
    expect(ancestors(registry.lineage, first.run!)).toHaveLength(300);
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['no time', { ...good, eventTime: undefined }],
    ['another schema', { ...good, schemaURL: 'https://example.org/other.json' }],
    ['a run that is no UUID', { ...good, run: { runId: 'run-1' } }],
    ['a run without a job', { ...good, job: undefined }],
    ['a job without a name', { ...good, job: { namespace: 'a' } }],
    ['inputs that are no list', { ...good, inputs: {} }],
    ['a dataset without a namespace', { ...good, outputs: [{ name: 'x' }] }],
    [
      'a version that is no text',
      { ...good, inputs: [{ namespace: 'a', name: 'b', facets: { version: { datasetVersion: 7 } } }] },
    ],
    ['half a character', { ...good, inputs: [{ namespace: 'a', name: '\ud800' }] }],
    ['too many datasets', { ...good, inputs: Array.from({ length: 1_001 }, () => ({ namespace: 'a', name: 'b' })) }],
  ])('refuses %s, and writes nothing', async (_, event) => {
    const registry = await open();
    await expect(ingestOpenLineage(registry, event)).rejects.toMatchObject({ code: 'input/invalid' });
    expect(registry.lineage.nodes.size).toBe(0);
  });
});
