import type { Verdict } from '../foundation/verdict.js';
import type { Finding } from './state.js';
import type { Counts, Expectation, ExpectationOutcome } from './types.js';

/** Turns what a check found into an outcome. */
export function judge(expectation: Expectation, finding: Finding): ExpectationOutcome {
  const { counts, sampler, observed, need } = finding;
  const verdict = finding.verdict ?? verdictOf(expectation, counts);
  const reasons = [...(finding.reasons ?? [])];
  const empty = counts.considered === 0 && finding.verdict === undefined;
  if (empty) reasons.push(counts.rows === 0 ? 'there are no rows' : 'no row is left to consider');
  const needed = need ?? (empty && verdict === 'insufficient' ? { rows: 1 } : undefined);
  return {
    expectation,
    verdict,
    counts,
    samples: [...(sampler?.samples ?? [])],
    ...(observed !== undefined && { observed }),
    ...(needed && { need: needed }),
    reasons,
    sentence: sentenceOf(expectation, verdict, counts, reasons, observed),
  };
}

function verdictOf({ mostly = 1, onEmpty = 'insufficient' }: Expectation, { considered, unexpected }: Counts): Verdict {
  if (considered === 0) return onEmpty;
  // (considered - unexpected) / considered >= mostly, in integers: 0.98 * 50 is not 49 in binary fractions.
  const kept = BigInt(considered - unexpected) * MILLION;
  return kept >= BigInt(Math.round(mostly * 1e6)) * BigInt(considered) ? 'pass' : 'fail';
}

const MILLION = 1_000_000n;

function sentenceOf(
  expectation: Expectation,
  verdict: Verdict,
  { considered, unexpected }: Counts,
  reasons: readonly string[],
  observed: number | undefined,
): string {
  const what = describeCheck(expectation);
  const because = reasons.length === 0 ? '' : `: ${reasons.slice(0, 3).join('; ')}`;
  if (verdict === 'insufficient') return `Cannot say whether ${what}${because}.`;
  if (expectation.kind === 'rowCount') return `${sentence(verdict, what)}: there are ${number(observed ?? 0)}.`;
  if (unexpected === 0 || considered === 0) return `${sentence(verdict, what)}${because}.`;
  const share = percent(unexpected / considered);
  const allowed = expectation.mostly === undefined ? '' : ` (${percent(1 - expectation.mostly)} may)`;
  return `${sentence(verdict, what)}: ${number(unexpected)} of ${number(considered)} rows (${share}) do not${allowed}${
    because && `; ${because.slice(2)}`
  }.`;
}

function sentence(verdict: Verdict, what: string): string {
  return verdict === 'pass' ? `${what[0]!.toUpperCase()}${what.slice(1)}` : `Expected that ${what}`;
}

/** `\`hour\` is between 0 and 23` */
function describeCheck(e: Expectation): string {
  const where = e.where === undefined ? '' : ' (where the condition holds)';
  return `${describePlain(e)}${where}`;
}

function describePlain(e: Expectation): string {
  switch (e.kind) {
    case 'notNull':
      return `\`${e.column}\` is never null`;
    case 'notNaN':
      return `\`${e.column}\` is never NaN`;
    case 'finite':
      return `\`${e.column}\` is finite`;
    case 'between':
      return `\`${e.column}\` is ${range(e.min, e.max)}`;
    case 'in':
      return `\`${e.column}\` is one of ${listed(e.values)}`;
    case 'notIn':
      return `\`${e.column}\` is none of ${listed(e.values)}`;
    case 'matches':
      return `\`${e.column}\` matches /${e.pattern}/${e.flags ?? ''}`;
    case 'length':
      return `\`${e.column}\` has ${range(e.min, e.max)} ${e.unit === 'codePoints' ? 'characters' : e.unit === 'utf16' ? 'UTF-16 units' : 'bytes'}`;
    case 'type':
      return `\`${e.column}\` holds ${e.type === 'boolean' ? 'booleans' : `${e.type}s`}`;
    case 'unique':
      return `${e.columns.map((c) => `\`${c}\``).join(' + ')} is unique`;
    case 'increasing':
      return `\`${e.column}\` ${e.strict ? 'strictly increases' : 'never decreases'}`;
    case 'compare':
      return `\`${e.left}\` ${e.op} \`${e.right}\``;
    case 'references':
      return `every \`${e.column}\` occurs in \`${e.table}.${e.key}\``;
    case 'row':
      return `every row keeps the schema \`${e.schema}\``;
    case 'metric':
      return `the ${e.metric} of \`${e.column}\` is ${range(e.min, e.max)}`;
    case 'version':
      return `the dataset is one of ${listed(e.versions)}`;
    case 'rowCount':
      return `the number of rows is ${range(e.min, e.max)}`;
    case 'columns':
      return `the columns are ${e.exact ? 'exactly ' : ''}${listed(e.names)}`;
    case 'fresh':
      return `the newest \`${e.column}\` is at most ${number(e.maxAgeMs)} ms old`;
    case 'distribution':
      return `\`${e.column}\` is distributed as in the reference (${e.measure} at most ${e.max})`;
    default:
      return e satisfies never;
  }
}

function range(min: number | string | undefined, max: number | string | undefined): string {
  if (min !== undefined && max !== undefined) return `between ${min} and ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? 'anything' : `at most ${max}`;
}

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, 5).map((value) => `\`${String(value).slice(0, 40)}\``);
  return values.length > 5 ? `${shown.join(', ')} and ${values.length - 5} more` : shown.join(', ');
}

// Formatting without a formatter makes one each time: 30 µs.
const DECIMAL = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });
const THREE_DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function number(value: number): string {
  return DECIMAL.format(value);
}

function percent(share: number): string {
  return `${THREE_DIGITS.format(100 * share)} %`;
}
