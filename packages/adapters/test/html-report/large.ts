import { driftOf, type ReportModel, type ValidationSection, validationOf } from '@millwright/adapters/html-report';
import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { type Table, tableFrom } from '@millwright/core/table';
import { type Expectation, expect as expectColumn, validate } from '@millwright/core/validation';
import { createMonitor } from '@millwright/drift';
import { sampleReport } from './sample.js';

const DAY = 86_400_000;
const ROWS = 200;

const FEATURES = Array.from({ length: 200 }, (_, i) => `feature_${String(i).padStart(3, '0')}`);
const random = seededRandom(20261);

/** A report about 200 features by the real rooms: five expectations of each were checked, and a month was watched. */
export function largeReport(): ReportModel {
  const columns = Object.fromEntries(FEATURES.map((name) => [name, PLAN]));
  const reference = profileTable(dayOf(0));
  const monitor = createMonitor({ reference, columns, window: { by: 'time', everyMs: DAY } });
  const start = Date.UTC(2026, 5, 1);
  const records = Array.from({ length: 30 }, (_, i) => [
    ...monitor.observe(dayOf(i / 30), { time: start + i * DAY }),
    ...monitor.advance(start + (i + 1) * DAY),
  ]).flat();
  return { ...sampleReport(), title: '200 features', validations: [largeValidation(5)], drift: driftOf(records) };
}

/** So many checks of each of the 200 features. */
export function largeValidation(checks: number): ValidationSection {
  return validationOf(
    validate(
      dayOf(0),
      FEATURES.flatMap((name, i) => suiteOf(name, i, checks)),
    ),
  );
}

/** A day's rows of all features. */
function dayOf(shift: number): Table {
  const column = (i: number) => Float64Array.from({ length: ROWS }, () => random.next() + shiftOf(i, shift));
  return tableFrom(Object.fromEntries(FEATURES.map((name, i) => [name, column(i)])));
}

/** Every twentieth moves with time until it alarms; every third wanders. */
const shiftOf = (feature: number, shift: number) => (feature % 20 === 0 ? shift : feature % 3 === 0 ? shift / 2 : 0);

/** Margins that so few rows can judge. */
const margin = 0.5;
const PLAN = { margins: { distribution: margin, missing: margin, unseen: margin, range: margin, presence: margin } };

/** Every twentieth column breaks one of its expectations. */
function suiteOf(name: string, i: number, checks: number): readonly Expectation[] {
  const column = () => expectColumn.column(name);
  const suite = [
    column().notNull(),
    column().between(0, i % 20 === 0 ? 0.9 : 1),
    column().type('number'),
    column().finite(),
    column().notNaN(),
  ];
  while (suite.length < checks) suite.push(column().between(-suite.length, suite.length));
  return suite.slice(0, checks);
}
