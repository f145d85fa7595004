import { expect, type RuleOptions } from '../validation/expect.js';
import type { Expectation, LogicalType, Scalar } from '../validation/types.js';
import { invalid } from './define.js';
import { type OdcsProperty, type OdcsQuality, type OdcsTable, odcsDocument } from './odcs-schema.js';

/** A data contract of the Open Data Contract Standard, as far as a suite can say it. */
export interface OdcsContract {
  readonly id: string;
  readonly name: string | undefined;
  readonly version: string;
  /** What each table has to keep. */
  readonly tables: Readonly<Record<string, readonly Expectation[]>>;
  /** What the document says and the expectations do not: nothing is left out in silence. */
  readonly lost: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Reads an ODCS 3.x document that has been parsed from YAML or JSON. `required` means that a column has no nulls; a bound
 * that the standard leaves open is inclusive, as in JSON Schema; severities other than `warning` and `info` bind.
 *
 * @throws `contract/invalid` with the path of the first fault
 */
export function readOdcs(document: unknown): OdcsContract {
  const parsed = odcsDocument.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(issue?.path.join('.') || '$', issue?.message ?? 'not an ODCS document');
  }
  const { id, name, version, schema = [], slaProperties = [] } = parsed.data;
  const lost: { path: string; reason: string }[] = [];
  const tables: Record<string, readonly Expectation[]> = Object.create(null);
  for (const table of schema) tables[table.name] = expectationsOf(table, (path, reason) => lost.push({ path, reason }));
  for (const sla of slaProperties)
    lost.push({ path: `slaProperties.${sla.property}`, reason: 'service levels are not data checks' });
  return { id, name, version, tables, lost };
}

type Report = (path: string, reason: string) => void;

function expectationsOf(table: OdcsTable, report: Report): readonly Expectation[] {
  const suite: Expectation[] = [];
  const properties = table.properties ?? [];
  const at = (name: string) => `${table.name}.${name}`;
  for (const property of properties) {
    const path = at(property.name);
    suite.push(...ofProperty(property, path, report));
    for (const [i, rule] of (property.quality ?? []).entries())
      suite.push(...ofQuality(rule, property.name, `${path}.quality.${i}`, report));
  }
  for (const [i, rule] of (table.quality ?? []).entries())
    suite.push(...ofQuality(rule, undefined, at(`quality.${i}`), report));
  const keys = properties
    .filter((p) => p.primaryKey)
    .sort((a, b) => (a.primaryKeyPosition ?? 0) - (b.primaryKeyPosition ?? 0))
    .map((p) => p.name);
  if (keys.length > 0) suite.push(expect.unique(keys, { id: `${table.name}.primaryKey` }));
  if (table.relationships) report(at('relationships'), 'write them as `expect.references`');
  return suite;
}

const LOGICAL: Readonly<Record<string, LogicalType | undefined>> = {
  string: 'string',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  date: 'timestamp',
  timestamp: 'timestamp',
};

function* ofProperty(property: OdcsProperty, path: string, report: Report): Generator<Expectation> {
  const { name, logicalType, required, unique, primaryKey, logicalTypeOptions = {} } = property;
  const column = expect.column(name);
  const type = logicalType === undefined ? undefined : LOGICAL[logicalType];
  if (type !== undefined) yield column.type(type, { id: `${path}.type` });
  else if (logicalType !== undefined) report(`${path}.logicalType`, `there is no check for \`${logicalType}\``);
  if (required || primaryKey) yield column.notNull({ id: `${path}.required` });
  if (unique && !primaryKey) yield column.unique({ id: `${path}.unique` });
  const { minimum, maximum, minLength, maxLength, pattern, ...others } = logicalTypeOptions;
  if (minimum !== undefined || maximum !== undefined)
    yield column.between(minimum as number | string | undefined, maximum as number | string | undefined, {
      id: `${path}.range`,
    });
  if (minLength !== undefined || maxLength !== undefined)
    yield column.length({ min: minLength as number, max: maxLength as number }, { id: `${path}.length` });
  if (typeof pattern === 'string') yield column.matches(pattern, { id: `${path}.pattern` });
  for (const option of Object.keys(others)) report(`${path}.logicalTypeOptions.${option}`, 'there is no check for it');
}

function* ofQuality(
  rule: OdcsQuality,
  column: string | undefined,
  path: string,
  report: Report,
): Generator<Expectation> {
  if (!('metric' in rule)) {
    report(path, `a rule of type \`${rule.type}\` is run by its own engine`);
    return;
  }
  const limits = limitsOf(rule);
  if (limits === undefined) return report(path, 'the operator cannot be said for this metric');
  const severity = ['warning', 'info'].includes(rule.severity ?? '') ? ('warning' as const) : undefined;
  const options: RuleOptions = { id: path, severity };
  if (rule.metric === 'rowCount') {
    if (limits.min > limits.max) return report(path, 'the bounds are reversed');
    yield expect.rowCount({ min: limits.min, max: Number.isFinite(limits.max) ? limits.max : undefined }, options);
    return;
  }
  if (column === undefined)
    return report(path, `\`${rule.metric}\` of a whole table has no check; write it per column`);
  // What is left is how many rows may be wrong: none, or a share of them.
  if (limits.min > 0) return report(path, 'a rule that asks for errors has no check');
  const mostly = rule.unit === 'percent' ? 1 - limits.max / 100 : limits.max === 0 ? 1 : undefined;
  if (mostly === undefined) return report(path, 'a number of wrong rows has no check; give it in percent');
  const judged: RuleOptions = { ...options, ...(mostly < 1 && { mostly: Math.max(0, Math.ceil(mostly * 1e6) / 1e6) }) };
  const given = rule.arguments ?? {};
  const subject = expect.column(column);
  switch (rule.metric) {
    case 'nullValues':
      yield subject.notNull(judged);
      break;
    case 'missingValues':
      if (isList(given['missingValues']))
        yield subject.notIn(
          given['missingValues'].filter((v) => v !== null),
          judged,
        );
      else report(path, '`missingValues` has no list of values');
      break;
    case 'invalidValues':
      if (isList(given['validValues'])) yield subject.in(given['validValues'], judged);
      else if (typeof given['pattern'] === 'string') yield subject.matches(given['pattern'], judged);
      else report(path, '`invalidValues` has neither `validValues` nor `pattern`');
      break;
    case 'duplicateValues':
      yield subject.unique(judged);
      break;
    default:
      rule.metric satisfies never;
  }
}

/** The numbers that the operator allows, as a closed range; counts are whole, percentages are taken a millionth short. */
function limitsOf(rule: OdcsQuality): { readonly min: number; readonly max: number } | undefined {
  const least = rule.unit === 'percent' ? 1e-4 : 1;
  if (typeof rule.mustBe === 'number') return { min: rule.mustBe, max: rule.mustBe };
  if (rule.mustBeLessThan !== undefined) return { min: 0, max: rule.mustBeLessThan - least };
  if (rule.mustBeLessOrEqualTo !== undefined) return { min: 0, max: rule.mustBeLessOrEqualTo };
  if (rule.mustBeGreaterThan !== undefined)
    return { min: rule.mustBeGreaterThan + least, max: Number.POSITIVE_INFINITY };
  if (rule.mustBeGreaterOrEqualTo !== undefined)
    return { min: rule.mustBeGreaterOrEqualTo, max: Number.POSITIVE_INFINITY };
  if (rule.mustBeBetween !== undefined) return { min: rule.mustBeBetween[0]!, max: rule.mustBeBetween[1]! };
  return undefined;
}

function isList(value: unknown): value is readonly Scalar[] {
  return Array.isArray(value) && value.every((v) => v === null || ['string', 'number', 'boolean'].includes(typeof v));
}
