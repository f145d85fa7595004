import type { ColumnProfile, TableProfile } from '../profile/types.js';
import { logicalTypeOf, type SuggestOptions } from '../validation/suggest.js';
import { defineContract, invalid } from './define.js';
import type { Contract, FieldSpec } from './types.js';

/** Which columns are outputs, and how wide the first bounds are. */
export interface ContractFromProfileOptions extends Pick<SuggestOptions, 'maxCategories'> {
  /** Columns that the model returns. All others are its inputs. */
  readonly outputs: readonly string[];
  /** How far outside the seen range a number may lie, in parts of that range. Default 0.1; a bound of 0 stays 0. */
  readonly slack?: number | undefined;
}

/**
 * A first contract from what a profile saw: types, nullability, ranges with some slack, categories when they are few. To be
 * read and edited: units and meaning are not in the data.
 *
 * @throws `contract/invalid` when an output is not in the profile or a column has no field type
 */
export function contractFromProfile(profile: TableProfile, options: ContractFromProfileOptions): Contract {
  const inputs: Record<string, FieldSpec> = Object.create(null);
  const outputs: Record<string, FieldSpec> = Object.create(null);
  for (const name of options.outputs)
    if (!profile.columns.has(name)) throw invalid(`outputs.${name}`, 'the profile has no such column');
  for (const [name, column] of profile.columns) {
    const side = options.outputs.includes(name) ? outputs : inputs;
    side[name] = { ...fieldOf(name, column, options), ...(column.nulls > 0 && { nullable: true }) };
  }
  return defineContract({ inputs, outputs });
}

function fieldOf(
  name: string,
  column: ColumnProfile,
  { maxCategories = 100, slack = 0.1 }: ContractFromProfileOptions,
): FieldSpec {
  const type = logicalTypeOf(column);
  switch (type) {
    case 'boolean':
    case 'timestamp':
      return { type };
    case 'string': {
      if (column.kind !== 'category') return { type: 'category' };
      const seen = [...column.counts].filter(([, count]) => count > 0).map(([category]) => category);
      const closed = column.other === 0 && seen.length > 0 && seen.length <= maxCategories;
      return { type: 'category', ...(closed && { categories: seen.sort() }) };
    }
    case 'number':
    case 'integer':
      return { type, ...(column.kind === 'number' && boundsOf(column.min, column.max, slack, type === 'integer')) };
    default:
      throw invalid(name, `a ${column.type} column has no field type; write its field by hand`);
  }
}

function boundsOf(
  min: number | undefined,
  max: number | undefined,
  slack: number,
  whole: boolean,
): Pick<FieldSpec, 'min' | 'max'> {
  if (min === undefined || max === undefined) return {};
  const air = (max - min) * slack;
  // What was never negative seldom can be.
  const low = min >= 0 ? Math.max(0, min - air) : min - air;
  const high = max <= 0 ? Math.min(0, max + air) : max + air;
  return whole ? { min: Math.floor(low), max: Math.ceil(high) } : { min: low, max: high };
}
