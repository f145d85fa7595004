import { describe, expect, test } from 'vitest';
import { machineLearningBom, technicalFile } from '../../src/governance/index.js';
import { desk, withVersions } from '../desk.js';
import { story } from './story.js';

interface Bom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
interface Component {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly modelCard: {
    readonly modelParameters: {
      readonly datasets: readonly { readonly ref: string }[];
      readonly inputs: readonly unknown[];
    };
    readonly quantitativeAnalysis: { readonly performanceMetrics: readonly unknown[] };
    readonly considerations: unknown;
  };
}

describe('the bill of materials', () => {
  test('names the model, its files, its data, and how they depend on each other', async () => {
    const { registry } = await story();
    const bom = (await machineLearningBom(registry, 'flight-delay@2', {
      license: 'Apache-2.0',
      task: 'tabular-classification',
      approach: 'supervised',
    })) as unknown as Bom;
    const { component } = bom.metadata;
    expect(component).toMatchObject({ type: 'machine-learning-model', name: 'flight-delay', version: '2' });
    expect(component.hashes[0]?.content).toBe(registry.models.version('flight-delay@2').artifact.slice(7));
    expect(component.modelCard.modelParameters.datasets).toEqual([
      { ref: 'dataset:flights@1' },
      { ref: 'dataset:flights-raw@1' },
    ]);
    expect(component.modelCard.modelParameters.inputs).toEqual([
      { format: 'hour: integer' },
      { format: 'miles: number [mi]' },
    ]);
    expect(component.modelCard.quantitativeAnalysis.performanceMetrics).toContainEqual({
      type: 'auc',
      value: '0.67',
      slice: 'origin=ORD',
    });
    expect(component.modelCard.considerations).toEqual({
      useCases: ['Plan crews | not passengers.'],
      technicalLimitations: ['Telling <passengers> when to leave.', 'robustness is undecided: Too few night flights.'],
    });
    expect(bom.components.map((c) => [c.type, c['bom-ref']])).toEqual([
      ['file', 'model:flight-delay@2/model.onnx'],
      ['application', 'run:train@2'],
      ['data', 'dataset:flights@1'],
      ['data', 'dataset:flights-raw@1'],
    ]);
    const needs = new Map(bom.dependencies.map((d) => [d.ref, d.dependsOn]));
    expect(needs.get('model:flight-delay@2')).toEqual(['model:flight-delay@2/model.onnx', 'run:train@2']);
    expect(needs.get('dataset:flights@1')).toEqual(['dataset:flights-raw@1']);
    const refs = new Set([component['bom-ref'], ...bom.components.map((c) => c['bom-ref'])]);
    for (const { ref, dependsOn } of bom.dependencies)
      for (const each of [ref, ...dependsOn]) expect(refs).toContain(each);
  });

  test('is the same for the same ledger, with a serial number of the right form', async () => {
    const { registry } = await story();
    const [a, b] = await Promise.all([1, 2].map(() => machineLearningBom(registry, 'flight-delay@1')));
    expect(a).toEqual(b);
    expect(a?.['serialNumber']).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    await expect(machineLearningBom(registry, 'flight-delay@9')).rejects.toMatchObject({ code: 'state/not-found' });
  });
});

describe('the technical file', () => {
  test('is filled from the ledger where it knows, and names what is empty', async () => {
    const { registry } = await story();
    const file = await technicalFile(registry, 'flight-delay@2');
    const text = (id: string) => file.fields.find((field) => field.id === id)?.text;
    expect(text('1(a)')).toContain('Version 2 of 2, registered 2026-01-05 by maria');
    expect(text('1(b)')).toContain('Called with hour, miles; answers with late');
    expect(text('2(c)')).toContain('Run train@2 took 3,600 seconds');
    expect(text('2(d)')).toContain('flights-raw@1 (raw, from bts.gov, 3000000 rows)');
    expect(text('2(e)')).toContain('champion needs 1 approval(s) in the role risk.');
    expect(text('3')).toContain('auc on origin=ORD: 0.67 (900 rows)');
    expect(file.empty).toEqual(['1(c)', '1(e)', '1(f)', '1(g)', '1(h)', '4', '7', '8', '9']);
    expect(file.coverage).toBeCloseTo(14 / 23, 12);
    expect(file.toMarkdown()).toContain('It does not claim compliance.');
    expect(file.toMarkdown()).toContain('## 8 EU declaration of conformity\n\n*Empty.*');
  });

  test('takes the answers of people, beside what the ledger says', async () => {
    const { registry } = await story();
    const file = await technicalFile(registry, 'flight-delay@2', {
      answers: { '8': 'Signed in May.', '1(a)': 'Sold in <Kansas>.' },
    });
    expect(file.empty).not.toContain('8');
    expect(file.fields.find((f) => f.id === '8')).toMatchObject({ source: 'answer', text: '- Signed in May.' });
    expect(file.fields[0]).toMatchObject({ source: 'ledger' });
    expect(file.fields[0]?.text).toMatch(/- Sold in &lt;Kansas&gt;\.$/);
  });

  test('of a version about which nothing is known is mostly empty', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    expect((await technicalFile(registry, 'flight-delay@1')).coverage).toBeLessThan(0.3);
  });
});
