import type { PhysicalType } from '../table/types.js';
import type { ColumnSchema } from './context.js';
import type { Check, CheckKind, LogicalType } from './types.js';

/** What kinds of values a physical type holds. */
export type Family = 'number' | 'time' | 'string' | 'boolean' | 'other';

/** The family of a physical type. */
export function familyOf(type: PhysicalType): Family {
  switch (type) {
    case 'utf8':
    case 'dictionary':
      return 'string';
    case 'timestamp':
    case 'date':
      return 'time';
    case 'bool':
      return 'boolean';
    case 'decimal':
    case 'list':
    case 'other':
      return 'other';
    default:
      return 'number';
  }
}

/** The family of a logical type. */
export const LOGICAL: Readonly<Record<LogicalType, Family>> = {
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  string: 'string',
  timestamp: 'time',
  list: 'other',
};

/** Which families a check is for; undefined means every one. */
export const FAMILIES: Readonly<Record<CheckKind, readonly Family[] | undefined>> = {
  notNull: undefined,
  notNaN: ['number'],
  finite: ['number'],
  between: ['number', 'time'],
  in: ['number', 'time', 'string', 'boolean'],
  notIn: ['number', 'time', 'string', 'boolean'],
  matches: ['string'],
  length: ['string'],
  type: undefined,
  unique: undefined,
  increasing: ['number', 'time', 'string'],
  compare: ['number', 'time', 'string', 'boolean'],
  references: ['number', 'time', 'string', 'boolean'],
  row: undefined,
  metric: undefined,
  version: undefined,
  rowCount: undefined,
  columns: undefined,
  fresh: ['time'],
  distribution: undefined,
};

/** Why a check is not for columns of these families; undefined when it is. */
export function mismatch(
  check: Check,
  columns: readonly ColumnSchema[],
  families: readonly Family[],
): string | undefined {
  const allowed = FAMILIES[check.kind];
  for (const [i, family] of families.entries()) {
    const { name, type } = columns[i]!;
    if (allowed && !allowed.includes(family) && family !== 'other')
      return `\`${check.kind}\` cannot check \`${name}\`, which is ${type}`;
  }
  if (check.kind === 'compare' && families[0] !== families[1])
    return `\`${check.left}\` (${columns[0]!.type}) and \`${check.right}\` (${columns[1]!.type}) cannot be compared`;
  return undefined;
}
