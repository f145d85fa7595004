import { decodeProfile, encodeProfile, profileTable } from '@millwright/core/profile';
import { sliceTable, tableFrom } from '@millwright/core/table';
import { createValidator, expect } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { reportMarkdown } from '@millwright/core/validation/markdown';
import { metrics } from '@millwright/core/validation/metric';

/** Runs inside a page whose policy forbids code from strings, and tells the page around it what came of it. */
const violations: string[] = [];
addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));

const length = 50_000;
const table = tableFrom({
  hour: Int32Array.from({ length }, (_, i) => i % 25),
  miles: Float64Array.from({ length }, (_, i) => (i % 100 === 0 ? Number.NaN : i / 7)),
  origin: Array.from({ length }, (_, i) => ['MCI', 'ATL', null][i % 3]!),
});
const reference = decodeProfile(encodeProfile(profileTable(table)));
const suite = [
  expect.column('hour').between(0, 23),
  expect.column('miles').finite({ mostly: 0.99 }),
  expect.column('origin').matches('^[A-Z]{3}$'),
  expect.unique(['hour', 'miles'], { mostly: 0.9 }),
  expect.compare('hour', '<=', 'miles', { where: { column: 'miles', op: '>', value: 25 } }),
  expect.distribution('hour', { max: 0.01 }),
  expect.metric('hour', 'mean', { min: 11, max: 13 }),
];
const context = { reference, distributions, metrics };
const part = createValidator(suite, context).observe(sliceTable(table, 20_000)).part();
const report = createValidator(suite, context)
  .observe(sliceTable(table, 0, 20_000))
  .merge(part)
  .report();

// Last, because it is a violation itself: the policy is the one that was asked for.
let codeFromStrings = 'runs';
try {
  Reflect.construct(Function, ['return 1'])();
} catch (error) {
  codeFromStrings = error instanceof EvalError ? 'refused' : String(error);
}

parent.postMessage(
  {
    verdicts: report.outcomes.map((outcome) => outcome.verdict),
    unexpected: report.outcomes.map((outcome) => outcome.counts.unexpected),
    markdown: reportMarkdown(report).includes('2,000'),
    violations: [...violations],
    codeFromStrings,
  },
  '*',
);
