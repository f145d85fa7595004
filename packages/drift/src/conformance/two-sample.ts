import { MillwrightError, type Random } from '@millwright/core';
import type { Case } from '@millwright/core/conformance';
import { mergeProfiles, profileTable, type TableProfile } from '@millwright/core/profile';
import { type ColumnView, columnOf, type Table, tableFrom } from '@millwright/core/table';
import type { TestOptions, TestResult, TwoSampleTest } from '../test/types.js';

/** How the test under test is set, and the samples that it is shown. */
export interface TwoSampleCasesOptions {
  /** Where randomness comes from; the same for the same seed. */
  readonly random: (seed: number) => Random;
  /** A value before (`changed` false) and after a large change. Default: numbers, or categories for a test that accepts these only. */
  readonly draw?: ((random: Random, changed: boolean) => number | string) | undefined;
  /** Options that every check uses. */
  readonly options?: TestOptions | undefined;
}

const ROWS = 2_000;
/** Quiet pairs of few rows: a test that alarms in 15 % of them passes once in a thousand times. */
const PAIRS = 300;
const PAIR_ROWS = 60;
const NOMINAL = 0.05;

/**
 * What every two-sample test has to keep: determinism, inputs that are not changed, p-values that alarm in no more quiet
 * pairs than they say, verdicts that follow from p-value, effect and margin, `insufficient` where there is nothing, nulls
 * and NaN left out; and on profiles, that parts merge in any order to the same result. Give each case to your test runner.
 */
export function twoSampleCases(test: TwoSampleTest, options: TwoSampleCasesOptions): readonly Case[] {
  const draw = options.draw ?? (test.accepts === 'category' ? drawCategory : drawNumber);
  const table = (seed: number, rows: number, changed = false): Table => {
    const random = options.random(seed);
    return tableFrom({ x: Array.from({ length: rows }, () => draw(random, changed)) });
  };
  const column = (of: Table): ColumnView => columnOf(of, 'x');
  const given = options.options ?? {};
  const [before, same, moved] = [table(1, ROWS), table(2, ROWS), table(3, ROWS, true)];
  const samples = (a: Table, b: Table) => test.fromSamples(column(a), column(b), given);
  const profiles = (a: TableProfile, b: TableProfile) =>
    test.fromProfiles!(a.columns.get('x')!, b.columns.get('x')!, given);
  const reference = profileTable(before);
  const against = (of: Table) => profileTable(of, { reference });
  const onProfiles = test.fromProfiles === undefined ? 'the test needs values' : undefined;

  return [
    testCase('the same samples give the same result', () => {
      equal(samples(before, moved), samples(before, moved), 'results of a second run');
    }),
    testCase('samples are not changed', () => {
      const [a, b] = [table(1, ROWS), table(3, ROWS, true)];
      samples(a, b);
      equal(a.columns, before.columns, 'reference rows after the test');
      equal(b.columns, moved.columns, 'current rows after the test');
    }),
    testCase('a large change is drift, no change is none', () => {
      expectVerdict(samples(before, moved), 'drift', 'after a large change');
      expectVerdict(samples(before, same), 'noDrift', 'without a change');
    }),
    testCase('nothing to compare is insufficient, and has no p-value', () => {
      const none: Table = { rowCount: 0, columns: new Map([['x', empty(column(before))]]) };
      for (const [a, b] of [
        [before, none],
        [none, before],
      ] as const) {
        const result = samples(a, b);
        expectVerdict(result, 'insufficient', 'without rows');
        if (result.pValue !== undefined) throw failed(`without rows the p-value is ${result.pValue}`);
      }
    }),
    testCase('the verdict follows from p-value, effect and margin', () => {
      const all = [samples(before, moved), samples(before, same), samples(table(4, 30), table(5, 30, true))];
      for (const result of all) checkResult(result);
      const impossible = test.fromSamples(column(before), column(moved), { ...given, margin: Number.MAX_VALUE });
      if (impossible.verdict === 'drift') throw failed('an effect below the margin is drift');
    }),
    testCase('null and NaN are left out', () => {
      const random = options.random(6);
      const values = Array.from({ length: 500 }, () => draw(random, true));
      const gap = (value: number | string, i: number) => (typeof value === 'number' && i % 2 === 0 ? Number.NaN : null);
      const holes = tableFrom({ x: values.flatMap((value, i) => [value, gap(value, i)]) });
      const [full, holed] = [samples(before, tableFrom({ x: values })), samples(before, holes)];
      equal([holed.pValue, holed.effect, holed.rows], [full.pValue, full.effect, full.rows], 'results with holes');
    }),
    testCase('quiet pairs alarm no more often than α says', () => {
      let alarms = 0;
      for (let pair = 0; pair < PAIRS; pair++) {
        const { pValue } = samples(table(1_000 + 2 * pair, PAIR_ROWS), table(1_001 + 2 * pair, PAIR_ROWS));
        if (pValue !== undefined && pValue <= NOMINAL) alarms++;
      }
      const most = PAIRS * NOMINAL + 3 * Math.sqrt(PAIRS * NOMINAL * (1 - NOMINAL));
      if (alarms > most)
        throw failed(`${alarms} of ${PAIRS} quiet pairs are below ${NOMINAL}, at most ${Math.floor(most)} may be`);
    }),
    {
      ...testCase('profiles find what samples find', () => {
        expectVerdict(profiles(reference, against(moved)), 'drift', 'on profiles after a large change');
        expectVerdict(profiles(reference, against(same)), 'noDrift', 'on profiles without a change');
        checkResult(profiles(reference, against(moved)));
      }),
      skip: onProfiles,
    },
    {
      ...testCase('parts of a window merge in any order and shape to the same result', () => {
        const parts = [0, 1, 2, 3].map((i) => against(table(10 + i, 400 + 50 * i, i > 1)));
        const [a, b, c, d] = parts as [TableProfile, TableProfile, TableProfile, TableProfile];
        const whole = profiles(reference, parts.reduce(mergeProfiles));
        equal(profiles(reference, [d, b, a, c].reduce(mergeProfiles)), whole, 'results of another order');
        equal(
          profiles(reference, mergeProfiles(mergeProfiles(c, d), mergeProfiles(a, b))),
          whole,
          'results of another tree',
        );
      }),
      skip: onProfiles,
    },
  ];
}

function drawNumber(random: Random, changed: boolean): number {
  return random.next() + random.next() + random.next() + (changed ? 0.8 : 0);
}

function drawCategory(random: Random, changed: boolean): string {
  return `k${Math.floor(6 * random.next() ** (changed ? 0.4 : 1.2))}`;
}

function empty(column: ColumnView): ColumnView {
  return { ...column, length: 0, nullCount: 0, chunks: [] };
}

function checkResult(result: TestResult): void {
  const { verdict, pValue, logPValue, effect, margin, alpha, need } = result;
  if (pValue !== undefined && !(pValue >= 0 && pValue <= 1)) throw failed(`the p-value is ${pValue}`);
  if (
    pValue !== undefined &&
    pValue > 1e-300 &&
    !(Math.abs(Math.log(pValue) - logPValue!) < 1e-6 * (1 + Math.abs(logPValue!)))
  )
    throw failed(`ln p is ${logPValue} where p is ${pValue}`);
  if (verdict === 'drift' && !(effect >= margin && (pValue === undefined || pValue <= alpha)))
    throw failed(`drift with effect ${effect} (margin ${margin}) and p ${pValue} (alpha ${alpha})`);
  if ((verdict === 'insufficient') !== (need !== undefined))
    throw failed(`${verdict} with need ${JSON.stringify(need)}`);
}

function expectVerdict(result: TestResult, verdict: TestResult['verdict'], when: string): void {
  if (result.verdict !== verdict) throw failed(`${when} the verdict is ${result.verdict}: ${result.sentence}`);
}

function testCase(name: string, body: () => void): Case {
  return { name, run: async () => body() };
}

function equal(actual: unknown, expected: unknown, what: string): void {
  if (text(actual) !== text(expected)) throw failed(`${what} differ`);
}

/** With typed arrays and maps in full, and NaN apart from null. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'number' && !Number.isFinite(member)) return String(member);
    if (member instanceof Map) return [...member];
    return member;
  });
}

function failed(reason: string): MillwrightError<'drift/nonconforming'> {
  return new MillwrightError('drift/nonconforming', `The test does not conform: ${reason}.`, { details: { reason } });
}
