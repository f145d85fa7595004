import { evaluationOf, renderReport } from '@millwright/adapters/html-report';
import { compare, gate } from '@millwright/registry/evaluation';
import { expect, test } from 'vitest';

const truth = Array.from({ length: 1_200 }, (_, i) => i % 2);
/** Right but for every n-th row, and for ORD (the last 200 rows) every m-th. */
const answers = (n: number, m: number) => truth.map((y, i) => (i % (i < 1_000 ? n : m) === 0 ? 1 - y : y));
const origin = truth.map((_, i) => (i < 500 ? 'SFO' : i < 1_000 ? '<JFK>' : 'ORD'));
const report = compare({
  truth,
  champion: { name: 'delay@1', labels: answers(8, 12) },
  challenger: { name: 'delay@2', labels: answers(40, 4) },
  slices: { origin },
  metrics: ['accuracy', 'mcc'],
});

test('a section has the verdict, the rules in words, the metrics and the slices, the largest losses first', () => {
  const verdict = gate(report, { rules: [{ rule: 'superior' }, { rule: 'noHarm', margin: 0.01 }] });
  const section = evaluationOf(report, verdict);
  expect(section).toMatchObject({ decision: 'block', champion: 'delay@1', challenger: 'delay@2' });
  expect(section.sentence).toContain('Block: In origin = ORD (200 rows)');
  expect(section.rules!.map((rule) => rule.verdict)).toEqual(['pass', 'pass', 'fail']);
  const [accuracy, mcc] = section.metrics;
  expect(accuracy).toMatchObject({ name: 'share of right answers', format: 'share', verdict: 'pass' });
  expect(accuracy!.difference!.low).toBeLessThan(accuracy!.difference!.value!);
  expect(mcc).toMatchObject({ format: 'number', verdict: undefined });
  expect(section.slices).toMatchObject({ format: 'points', better: 'higher', margin: -0.01 });
  expect(section.slices!.rows.map(({ name, rows, verdict: outcome }) => [name, rows, outcome])).toEqual([
    ['origin: ORD', 200, 'fail'],
    ['origin: SFO', 500, 'pass'],
    ['origin: <JFK>', 500, 'pass'],
  ]);
  const page = renderReport({ title: 'Release', evaluations: [section] });
  expect(page).toContain('>delay@1 and delay@2</h2>');
  expect(page).toContain('origin: &lt;JFK&gt;');
  expect(page).toContain('Chance alone would show this');
  expect(page).not.toMatch(/undefined|NaN/);
});

test('without a verdict or slices there is less; many slices are cut and counted', () => {
  const plain = evaluationOf(compare({ truth, champion: answers(8, 8), challenger: answers(9, 9) }));
  expect(plain.sentence).toBe('challenger against champion on 1200 rows.');
  expect(plain.slices).toBeUndefined();
  expect(plain.rules).toBeUndefined();
  const cut = evaluationOf(report, undefined, { maxSlices: 1 });
  expect(cut.slices!.rows.map(({ name }) => name)).toEqual(['origin: ORD']);
  expect(cut.slices!.caption).toContain('2 slices with smaller losses are not shown');
});

test('a metric without a value is shown as such, and a rule that cannot judge it says so', () => {
  const none = compare({
    truth: truth.map(() => 0),
    champion: answers(8, 8),
    challenger: answers(8, 8),
    metrics: ['recall'],
  });
  const section = evaluationOf(none, gate(none, { rules: [{ rule: 'superior', metric: 'recall' }] }));
  expect(section.metrics.find(({ name }) => name === 'share of positives found')).toMatchObject({
    challenger: undefined,
    verdict: 'insufficient',
  });
  expect(renderReport({ title: 'x', evaluations: [section] })).toContain('not enough evidence');
});

test('the lower the better: the largest growth of a loss comes first, and the margin is on its side', () => {
  const scores = (by: number) => truth.map((y, i) => (y === 1 ? 0.9 - (i >= 1_000 ? by : 0) : 0.1));
  const losses = compare({
    truth,
    champion: { scores: scores(0) },
    challenger: { scores: scores(0.5) },
    primary: 'logLoss',
    slices: { origin },
  });
  const { slices } = evaluationOf(losses, gate(losses, { rules: [{ rule: 'noHarm', margin: 0.03 }] }));
  expect(slices).toMatchObject({ better: 'lower', format: 'number', margin: 0.03 });
  expect(slices!.rows[0]!.name).toBe('origin: ORD');
});
