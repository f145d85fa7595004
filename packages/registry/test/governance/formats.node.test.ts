import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { machineLearningBom, modelCard } from '../../src/governance/index.js';
import { desk, withVersions } from '../desk.js';
import { story } from './story.js';

/** The schemas of CycloneDX 1.6 as its own JavaScript library ships them. */
const require = createRequire(import.meta.url);
const folder = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res', 'schema');
const schema = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8'));
const idOf = (name: string) => `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`;
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  // Referred to by file name, whatever id they give themselves.
  schemas: Object.fromEntries(['spdx', 'jsf-0.82'].map((name) => [idOf(name), { ...schema(name), $id: idOf(name) }])),
  formats: {
    'date-time': (text: string) => new Date(text).toISOString() === text,
    'iri-reference': /^\S*$/,
    'idn-email': /^\S+@\S+$/,
    uuid: true,
  },
});
const validate = ajv.compile(schema('bom-1.6'));
const errorsOf = (bom: unknown) => (validate(bom) ? [] : validate.errors?.map((e) => `${e.instancePath} ${e.message}`));

describe('the bill of materials', () => {
  test('keeps the schema of CycloneDX 1.6, full and bare', async () => {
    const { registry } = await story();
    const options = {
      license: 'Apache-2.0',
      task: 'tabular-classification',
      approach: 'supervised',
      architectureFamily: 'linear',
    } as const;
    expect(errorsOf(await machineLearningBom(registry, 'flight-delay@2', options))).toEqual([]);
    expect(errorsOf(await machineLearningBom(registry, 'flight-delay@1'))).toEqual([]);
    const bare = await desk();
    await withVersions(bare.registry, 1);
    expect(errorsOf(await machineLearningBom(bare.registry, 'flight-delay@1'))).toEqual([]);
  });

  test('and the schema is not one that anything keeps', async () => {
    const { registry } = await story();
    const bom = await machineLearningBom(registry, 'flight-delay@1');
    expect(errorsOf({ ...bom, serialNumber: 'urn:uuid:1' })).not.toEqual([]);
    expect(errorsOf({ ...bom, components: [{ type: 'model', name: 'x' }] })).not.toEqual([]);
    expect(errorsOf(await machineLearningBom(registry, 'flight-delay@1', { license: 'no such licence' }))).not.toEqual(
      [],
    );
  });
});

/** The keys that Hugging Face documents for model cards (hub-docs, `modelcard.md`), and those inside `model-index`. */
const CARD_KEYS =
  'license license_name license_link language library_name pipeline_tag tags datasets metrics base_model model-index';
const INDEX_KEYS = {
  result: ['task', 'dataset', 'metrics', 'source'],
  task: ['type', 'name'],
  dataset: ['type', 'name', 'config', 'split', 'revision', 'args'],
  metric: ['type', 'value', 'name', 'config', 'args'],
};

interface Card {
  readonly tags: readonly unknown[];
  readonly datasets: readonly unknown[];
  readonly metrics: readonly unknown[];
  readonly 'model-index': readonly {
    readonly name: string;
    readonly results: readonly {
      readonly task: object;
      readonly dataset: object;
      readonly metrics: readonly { readonly type: unknown; readonly value: unknown }[];
    }[];
  }[];
}

describe('the metadata of the model card', () => {
  const metadata = (card: string): Card => parse(/^---\n([\s\S]*?)\n---\n/.exec(card)?.[1] ?? '') as Card;

  test('parse as Hugging Face reads them', async () => {
    const { registry } = await story();
    await registry.models.change('flight-delay', { tags: { 'team: ops': 'yes', plain: 'no' } });
    const options = { license: 'apache-2.0', task: 'tabular-classification', language: ['no', 'en'] };
    const card = metadata(await modelCard(registry, 'flight-delay@2', options));
    for (const key of Object.keys(card)) expect(CARD_KEYS.split(' ')).toContain(key);
    expect(card).toMatchObject({
      license: 'apache-2.0',
      language: ['no', 'en'],
      pipeline_tag: 'tabular-classification',
      library_name: 'onnx',
    });
    expect(card.tags).toEqual(['millwright', 'risk:limited', 'plain:no', 'team: ops:yes']);
    expect([card.datasets, card.metrics]).toEqual([['flights', 'flights-raw'], ['auc']]);
    const [entry] = card['model-index'];
    expect(entry?.name).toBe('flight-delay@2');
    for (const result of entry?.results ?? []) {
      expect(INDEX_KEYS.result).toEqual(expect.arrayContaining(Object.keys(result)));
      expect(INDEX_KEYS.task).toEqual(expect.arrayContaining(Object.keys(result.task)));
      expect(INDEX_KEYS.dataset).toEqual(expect.arrayContaining(Object.keys(result.dataset)));
      for (const metric of result.metrics) {
        expect(INDEX_KEYS.metric).toEqual(expect.arrayContaining(Object.keys(metric)));
        expect([typeof metric.type, typeof metric.value]).toEqual(['string', 'number']);
      }
    }
    expect(entry?.results[0]?.metrics).toHaveLength(2);
  });

  test('hold text for text, whatever it looks like', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const odd = { 'a: b': '# no comment', '- x': '"quoted"', n: '1e3', empty: '', lines: 'one\n---\ntwo', null: '~' };
    await registry.models.change('flight-delay', { tags: odd });
    const card = metadata(await modelCard(registry, 'flight-delay@1'));
    const tags = Object.entries(odd).map(([key, value]) => `${key}:${value}`);
    expect(card.tags.toSorted()).toEqual(['millwright', 'risk:limited', ...tags].sort());
  });
});
