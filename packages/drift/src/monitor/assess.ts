import type { ColumnProfile, TableProfile } from '@millwright/core/profile';
import { benjaminiHochberg, benjaminiYekutieli, holm } from '@millwright/core/statistics';
import { show, showShare } from '../show.js';
import { distribution } from '../test/distribution.js';
import { missingTest, presenceTest, rangeTest, unseenTest } from '../test/presence.js';
import type { DriftVerdict, TestOptions, TestResult } from '../test/types.js';
import type { Assessment, ColumnCheck, ColumnCheckKind, ColumnPlan } from './types.js';

/** Which columns are looked at, and how α is shared among their checks. */
export interface AssessOptions {
  /** Columns to look at, with their plans. Default: all of the reference. */
  readonly columns?: readonly string[] | Readonly<Record<string, ColumnPlan>> | undefined;
  /** Chance of any false alarm among all checks. Default 0.05. */
  readonly alpha?: number | undefined;
  /** How p-values share α: `bh` (correlated columns, default), `by` and `holm` (any dependence). */
  readonly multiplicity?: 'bh' | 'by' | 'holm' | undefined;
  /** From this share of broken rows (null surge, unknown categories, out of range) on it is an integrity matter. Default 0.2. */
  readonly integrityAt?: number | undefined;
}

/**
 * Compares two profiles column by column: distribution, missing values, new categories, range; and, where the reference
 * counts it, which columns have values together. The current profile must
 * have been counted against the reference; a column that is gone or has another kind is an integrity matter.
 *
 * @throws `profile/unmergeable`
 */
export function compareProfiles(
  reference: TableProfile,
  current: TableProfile,
  options: AssessOptions = {},
): Assessment {
  const { alpha = 0.05, multiplicity = 'bh', integrityAt = 0.2 } = options;
  const plans = plansOf(reference, options.columns);
  const open = [...plans].flatMap(([column, plan]) =>
    checksOf(column, plan, reference.columns.get(column), current.columns.get(column)),
  );
  const [was, now] = [reference.presence, current.presence];
  if (was !== undefined && now !== undefined)
    open.push({
      column: was.columns.join(' + '),
      check: 'presence',
      fault: undefined,
      run: (given) => presenceTest(was, now, given),
    });
  const judged = open.filter((check) => check.run !== undefined);
  const results = new Map(judged.map((check) => [check, check.run!({ alpha: alpha / judged.length })]));
  const adjusted = ADJUST[multiplicity](judged.map((check) => results.get(check)!.pValue ?? Number.NaN));
  const p = new Map(judged.map((check, i) => [check, adjusted[i]!]));
  const checks = open.map((check) => finish(check, results.get(check), p.get(check), alpha));
  const worst = checks.reduce<ColumnCheck | undefined>(
    (top, check) => ((check.severity ?? -1) > (top?.severity ?? 0) ? check : top),
    undefined,
  );
  const verdict = verdictOf(checks);
  return {
    verdict,
    checks,
    severity: severityOf(checks),
    integrity: checks.filter((check) => isBroken(check, integrityAt)).map((check) => check.sentence),
    sentence: sentenceOf(verdict, worst, checks),
  };
}

const ADJUST = { bh: benjaminiHochberg, by: benjaminiYekutieli, holm } as const;

/** Columns and their plans. */
export function plansOf(reference: TableProfile, columns: AssessOptions['columns']): ReadonlyMap<string, ColumnPlan> {
  if (columns === undefined) return new Map([...reference.columns.keys()].map((name) => [name, {}]));
  if (isNames(columns)) return new Map(columns.map((name) => [name, {}]));
  return new Map(Object.entries(columns));
}

function isNames(columns: NonNullable<AssessOptions['columns']>): columns is readonly string[] {
  return Array.isArray(columns);
}

interface OpenCheck {
  readonly column: string;
  readonly check: ColumnCheckKind;
  /** Undefined for a schema fault, which needs no test. */
  readonly run: ((options: TestOptions) => TestResult) | undefined;
  readonly fault: string | undefined;
}

function checksOf(
  column: string,
  plan: ColumnPlan,
  was: ColumnProfile | undefined,
  now: ColumnProfile | undefined,
): OpenCheck[] {
  const fault = faultOf(column, was, now);
  if (fault !== undefined) return [{ column, check: 'schema', run: undefined, fault }];
  if (was === undefined || now === undefined) return [];
  const checks: OpenCheck[] = [];
  const add = (check: Exclude<ColumnCheckKind, 'schema'>, run: (options: TestOptions) => TestResult) => {
    if (plan.without?.includes(check)) return;
    const margin = plan.margins?.[check];
    checks.push({
      column,
      check,
      fault: undefined,
      run: (options) => run(margin === undefined ? options : { ...options, margin }),
    });
  };
  const test = plan.test ?? distribution;
  if (was.kind !== 'presence' && test.fromProfiles !== undefined)
    add('distribution', (options) => test.fromProfiles!(was, now, options));
  add('missing', (options) => missingTest(was, now, options));
  if (was.kind === 'category' && now.kind === 'category') add('unseen', (options) => unseenTest(was, now, options));
  if (was.kind === 'number' && now.kind === 'number') add('range', (options) => rangeTest(was, now, options));
  return checks;
}

function faultOf(column: string, was: ColumnProfile | undefined, now: ColumnProfile | undefined): string | undefined {
  if (was === undefined) return `column \`${column}\` is not in the reference`;
  if (now === undefined) return `column \`${column}\` is gone`;
  if (was.kind !== now.kind) return `column \`${column}\` was ${was.type} and is ${now.type} now`;
  return undefined;
}

function finish(
  open: OpenCheck,
  result: TestResult | undefined,
  adjusted: number | undefined,
  alpha: number,
): ColumnCheck {
  const { column, check } = open;
  if (result === undefined)
    return {
      column,
      check,
      verdict: 'drift',
      adjusted: undefined,
      severity: undefined,
      result,
      sentence: open.fault ?? '',
    };
  const significant = adjusted !== undefined && adjusted <= alpha;
  const verdict: DriftVerdict =
    significant && result.effect >= result.margin
      ? 'drift'
      : result.verdict === 'insufficient'
        ? 'insufficient'
        : 'noDrift';
  const size = result.margin > 0 ? result.effect / result.margin : result.effect > 0 ? 1 : 0;
  const severity = significant ? size : result.verdict === 'insufficient' ? undefined : 0;
  return { column, check, verdict, adjusted, severity, result, sentence: describeCheck(column, check, result) };
}

/** `origin: 12 % of rows moved, mostly `MCI` (3.1 % to 8 %)` */
function describeCheck(column: string, check: ColumnCheckKind, result: TestResult): string {
  const [part] = result.parts;
  const change = part === undefined ? '' : `${showShare(part.reference)} to ${showShare(part.current)}`;
  switch (check) {
    case 'missing':
      return `${column}: missing values went from ${change}`;
    case 'unseen':
      return `${column}: rows in new categories went from ${change}`;
    case 'range':
      return `${column}: rows out of range went from ${change}`;
    default:
      return `${column}: ${result.measure} ${show(result.effect)}${part === undefined ? '' : `, mostly ${part.label} (${change})`}`;
  }
}

function isBroken(check: ColumnCheck, integrityAt: number): boolean {
  if (check.check === 'schema') return true;
  return check.check !== 'distribution' && check.verdict === 'drift' && (check.result?.effect ?? 0) >= integrityAt;
}

/**
 * The largest severity. Rates need more rows than distributions and may stay open; a distribution that could not be
 * judged leaves the window open, unless another check has found drift.
 */
function severityOf(checks: readonly ColumnCheck[]): number | undefined {
  const severities = checks.flatMap((check) => check.severity ?? []);
  const largest = severities.length === 0 ? undefined : Math.max(...severities);
  const blind = checks.some((check) => check.check === 'distribution' && check.severity === undefined);
  return blind && (largest ?? 0) < 1 ? undefined : largest;
}

function verdictOf(checks: readonly ColumnCheck[]): DriftVerdict {
  if (checks.some((check) => check.verdict === 'drift')) return 'drift';
  return checks.length === 0 || checks.some((check) => check.verdict === 'insufficient') ? 'insufficient' : 'noDrift';
}

function sentenceOf(verdict: DriftVerdict, worst: ColumnCheck | undefined, checks: readonly ColumnCheck[]): string {
  const fault = checks.find((check) => check.check === 'schema');
  if (fault !== undefined) return `${fault.sentence}.`;
  if (verdict === 'drift' && worst !== undefined) {
    const others = new Set(checks.filter((check) => check.verdict === 'drift').map((check) => check.column)).size - 1;
    return `${worst.sentence}${others > 0 ? `; ${others} more column${others > 1 ? 's' : ''} changed` : ''}.`;
  }
  if (verdict === 'noDrift')
    return `No change that matters in ${new Set(checks.map((check) => check.column)).size} columns.`;
  const open = checks.find((check) => check.verdict === 'insufficient');
  return open === undefined
    ? 'Nothing to compare.'
    : `Not enough rows to tell: ${open.column} needs ${open.result?.need?.rows ?? 'some'} more.`;
}
