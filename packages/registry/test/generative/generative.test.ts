import { column } from '@millwright/core/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePairs } from '../../src/evaluation/index.js';
import {
  defineIndex,
  defineJudge,
  definePrompt,
  indexVersion,
  openIndex,
  openJudge,
  openPrompt,
} from '../../src/generative/index.js';
import { desk, files } from '../desk.js';

const summary = (words = 20) =>
  definePrompt({
    messages: [
      { role: 'system', text: `You answer for {{ airline }} in ${words} words. JSON looks like \\{{"a": 1}}.` },
      { role: 'user', text: '{{report}}{{note}}' },
    ],
    variables: {
      airline: column.category({ categories: ['Blue', 'Red'] }),
      report: column.text({ maxLength: 100 }),
      note: column.text({ fallback: { kind: 'default', value: '' } }),
    },
    model: 'acme/large@3',
    parameters: { temperature: 0 },
  });

describe('a prompt', () => {
  test('fills in its variables, as text and nothing else', () => {
    const prompt = summary();
    expect(prompt.render({ airline: 'Blue', report: 'Late {{airline}} $& \\{{note}}' })).toEqual([
      { role: 'system', text: 'You answer for Blue in 20 words. JSON looks like {{"a": 1}}.' },
      { role: 'user', text: 'Late {{airline}} $& \\{{note}}' },
    ]);
    const typed = definePrompt({
      messages: [{ role: 'user', text: '{{n}} {{b}} {{t}}' }],
      variables: { n: column.number(), b: column.boolean(), t: column.timestamp() },
    });
    expect(typed.render({ n: 1.5, b: true, t: 0 })[0]?.text).toBe('1.5 true 1970-01-01T00:00:00.000Z');
  });

  test('refuses variables that are missing, unknown or do not fit', () => {
    const render = (values: object) => () => summary().render(values as never);
    for (const [values, path] of [
      [{ airline: 'Blue' }, 'inputs.report'],
      [{ airline: 'Blue', report: 'x', tone: 'kind' }, 'inputs.tone'],
      [{ airline: 'Green', report: 'x' }, 'inputs.airline'],
      [{ airline: 'Blue', report: 'x'.repeat(101) }, 'inputs.report'],
      [{ airline: 'Blue', report: { toString: () => 'x' } }, 'inputs.report'],
    ] as const)
      expect(render(values)).toThrow(
        expect.objectContaining({
          code: 'contract/violated',
          details: { violations: [expect.objectContaining({ path })] },
        }),
      );
  });

  test('declares what it uses and uses what it declares', () => {
    const define =
      (text: string, variables = {}) =>
      () =>
        definePrompt({ messages: [{ role: 'user', text }], variables });
    expect(define('{{name}}')).toThrow(/nothing declares it/);
    expect(define('hello', { name: column.text() })).toThrow(/does not use it/);
    expect(define('{{x}}', { x: column.tensor({ dtype: 'float32', dims: [1] }) })).toThrow(/no text/);
    for (const text of ['{{', '{{a b}}', '{{}}', '{{#each x}}', '{{a.b}}', '\ud800'])
      expect(define(text)).toThrow(expect.objectContaining({ code: 'contract/invalid' }));
    expect(() => definePrompt({ messages: [], variables: {} })).toThrow(/at least one message/);
    expect(() => definePrompt({ messages: [{ role: '', text: '' }], variables: {} })).toThrow(/role/);
  });

  test('has another digest with another word, parameter or variable', () => {
    const { messages, variables, model } = summary();
    const others = [
      summary(21),
      definePrompt({ messages, variables, model }),
      definePrompt({
        messages,
        variables: { ...variables, note: column.text() },
        model,
        parameters: { temperature: 0 },
      }),
    ];
    expect(new Set([summary(), ...others].map(({ digest }) => digest)).size).toBe(4);
    expect(summary().digest).toBe(summary().digest);
  });

  test('property: what comes out is the template with the values in their places, whatever they hold', () => {
    const text = fc.string({ unit: fc.constantFrom('{', '}', '\\', 'a', '$', '&', ' ', 'é') });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (parts) => {
        const variables = Object.fromEntries(parts.map((_, i) => [`v${i}`, column.text()]));
        const values = Object.fromEntries(parts.map(([, value], i) => [`v${i}`, value]));
        // A backslash right before a variable would escape it.
        const plain = parts.map(([before]) => before.replaceAll('{', '(').replace(/\\+$/, ''));
        const template = plain.map((before, i) => `${before}{{v${i}}}`).join('');
        const prompt = definePrompt({ messages: [{ role: 'user', text: template }], variables });
        const expected = plain.map((before, i) => before + values[`v${i}`]).join('');
        expect(prompt.render(values)).toEqual([{ role: 'user', text: expected }]);
      }),
    );
  });
});

describe('a judge and an index', () => {
  const rules = {
    model: 'acme/judge@1',
    prompt: 'Which is better?',
    rubric: 'Shorter is better.',
    parameters: { seed: 7 },
  };

  test('a judge has the identity that its reports name', async () => {
    const judge = defineJudge(rules);
    const ask = ({ first, second }: { first: string; second: string }) =>
      first.length < second.length ? 'first' : 'second';
    const pairs = [{ id: '1', input: 'q', champion: 'a long answer', challenger: 'short' }];
    const report = await judgePairs(judge.judge({ ask }), pairs);
    expect(report.judge).toEqual(judge.identity);
    expect(report.pairs.challenger).toBe(1);
    expect(defineJudge({ ...rules, rubric: 'Longer.' }).identity.digest).not.toBe(judge.identity.digest);
    expect(() => defineJudge({ ...rules, model: ' ' })).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    expect(() => defineJudge({ ...rules, order: 'twice' as never })).toThrow(/order/);
  });

  test('an index says with which vectors it may be asked', () => {
    const embedding = {
      model: 'acme/embed@3',
      dimensions: 3,
      metric: 'cosine',
      parameters: { prefix: 'query: ' },
    } as const;
    const index = defineIndex({ embedding, documents: 2, chunks: 5 });
    index.checkQuery([0, 1, 0]);
    index.checkQuery(Float32Array.of(0, 1, 0), embedding);
    for (const ask of [
      () => index.checkQuery([0, 1]),
      () => index.checkQuery([0, Number.NaN, 0]),
      () => index.checkQuery([0, 1, 0], { ...embedding, model: 'acme/embed@4' }),
    ])
      expect(ask).toThrow(expect.objectContaining({ code: 'contract/violated' }));
    for (const wrong of [
      { embedding: { ...embedding, dimensions: 0 }, documents: 1, chunks: 1 },
      { embedding, documents: -1, chunks: 1 },
      { embedding: { ...embedding, metric: 'manhattan' as never }, documents: 1, chunks: 1 },
    ])
      expect(() => defineIndex(wrong)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
    expect(() => indexVersion({ embedding, documents: 1, chunks: 1 }, {})).toThrow(/files of the index/);
  });
});

describe('the lifecycle', () => {
  test('of a prompt is that of a model: versions, policy, evidence of a judge, alias, rollback', async () => {
    const { registry } = await desk();
    const { models, policies } = registry;
    const first = await models.register('summary', { ...summary().version, owner: 'docs' });
    const second = await models.register('summary', summary(30).version);
    const judge = defineJudge({ model: 'acme/judge@1', prompt: '?', rubric: 'Shorter.' });
    await models.register('summary-judge', { ...judge.version, owner: 'docs' });
    expect([first.kind, models.search({ kind: 'judge' }).items[0]?.model]).toEqual(['prompt', 'summary-judge']);
    await models.moveAlias('summary', 'champion', first, { reason: 'The only one.' });

    await policies.set('summary', { aliases: { champion: { evidence: [{ kind: 'judge' }] } } });
    const move = () => models.moveAlias('summary', 'champion', second, { reason: 'Better answers.' });
    await expect(move()).rejects.toMatchObject({ code: 'registry/denied' });
    const pairs = [{ id: '1', input: 'q', champion: 'long long', challenger: 'short' }];
    const ask = ({ first: a, second: b }: { first: string; second: string }) =>
      a.length < b.length ? 'first' : 'second';
    const opened = await openJudge((await registry.version('summary-judge@1').resolve()).artifact);
    const report = await judgePairs(opened.judge({ ask }), pairs);
    expect(report.judge.digest).toBe(judge.identity.digest);
    const verdict = report.pairs.challenger > report.pairs.champion ? 'pass' : 'fail';
    await models.attachEvidence(second, { ...report, verdict }, { kind: 'judge' });
    await move();

    const champion = registry.alias('summary', 'champion');
    const served = await openPrompt((await champion.resolve()).artifact);
    expect(served.digest).toBe(summary(30).digest);
    expect(served.render({ airline: 'Red', report: 'x' })[0]?.text).toContain('30 words');
    expect((await models.contract(second))?.digest).toBe(summary(30).contract.digest);
    await models.rollBack('summary', 'champion', { reason: 'Too long.' });
    expect((await openPrompt((await champion.resolve()).artifact)).digest).toBe(summary().digest);
  });

  test('of an index, whose files and description are one artifact', async () => {
    const { registry } = await desk();
    const docs = await registry.datasets.add('docs', { rowCount: 2 }, { layer: 'curated' });
    const embedding = { model: 'acme/embed@3', dimensions: 3, metric: 'cosine' } as const;
    const definition = { embedding, documents: 2, chunks: 5, chunking: { tokens: 256 } };
    const version = await registry.models.register('search', {
      ...indexVersion(definition, { 'docs.hnsw': new Uint8Array(64) }),
      madeFrom: [docs],
      owner: 'docs',
    });
    expect(version.kind).toBe('index');
    const { artifact } = await registry.version(version).resolve();
    expect(artifact.manifest.files.map(({ path, mediaType }) => [path, mediaType])).toEqual([
      ['docs.hnsw', 'application/vnd.millwright.index'],
      ['index.json', 'application/vnd.millwright.index+json'],
    ]);
    const index = await openIndex(artifact);
    expect(index.digest).toBe(defineIndex(definition).digest);
    expect(registry.lineage.previous.get(version.node)).toEqual([docs.node]);
    await expect(openPrompt(artifact)).rejects.toMatchObject({ code: 'state/not-found' });
    const other = await registry.models.register('odd', {
      files: { 'prompt.json': files('x')['model.onnx']! },
      owner: 'a',
    });
    const { artifact: odd } = await registry.version(other).resolve();
    await expect(openPrompt(odd)).rejects.toMatchObject({ code: 'contract/invalid' });
  });
});
