import { type ColumnChunk, type ColumnView, type Table, validityFrom } from '@millwright/core/table';
import type { ColumnSchema } from '@millwright/core/validation/engine';
import { identifier } from './literal.js';
import type { Source } from './source.js';

const PART_ROWS = 65_536;

/** Some columns of a source, in parts. */
export async function* readTables(source: Source, columns: readonly string[], rest = ''): AsyncGenerator<Table> {
  const schemas = columns.map((name) => source.schema.get(name)!);
  const list = columns.length === 0 ? 'NULL' : schemas.map(selectOf).join(', ');
  let held: unknown[][] = columns.map(() => []);
  let rows = 0;
  const take = (): Table => {
    const views = schemas.map((schema, c) => [schema.name, columnOf(schema, held[c]!)] as const);
    const table = { rowCount: rows, columns: new Map(views) };
    held = columns.map(() => []);
    rows = 0;
    return table;
  };
  let some = false;
  for await (const part of source.stream(`SELECT ${list} FROM ${source.rows}${rest}`)) {
    for (const [c, values] of held.entries()) for (const value of part[c]!) values.push(value);
    rows += part[0]!.length;
    if (rows < PART_ROWS) continue;
    some = true;
    yield take();
  }
  // A source without rows is a table without rows.
  if (rows > 0 || !some) yield take();
}

function selectOf({ name, type }: ColumnSchema): string {
  return type === 'timestamp' || type === 'date' ? `epoch_us(${identifier(name)})` : identifier(name);
}

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
} as const;

function columnOf({ name, type, unitsPerMs }: ColumnSchema, values: readonly unknown[]): ColumnView {
  const { length } = values;
  const validity = validityFrom(length, (i) => values[i] !== null);
  let nullCount = 0;
  for (const value of values) if (value === null) nullCount++;
  const chunk = chunkOf(type, values, { length, validity, nullCount });
  return { name, type, length, nullCount, chunks: length === 0 ? [] : [chunk], unitsPerMs };
}

function chunkOf(
  type: ColumnSchema['type'],
  values: readonly unknown[],
  base: Pick<ColumnChunk, 'length' | 'validity' | 'nullCount'>,
): ColumnChunk {
  switch (type) {
    case 'bool': {
      const bits = new Uint8Array((values.length + 7) >> 3);
      for (const [i, value] of values.entries()) if (value === true) bits[i >> 3]! |= 1 << (i & 7);
      return { kind: 'bool', ...base, bits, offset: 0 };
    }
    case 'u64':
      return { kind: 'big', ...base, values: BigUint64Array.from(values, (value) => (value as bigint | null) ?? 0n) };
    case 'i64':
    case 'timestamp':
    case 'date':
      return { kind: 'big', ...base, values: BigInt64Array.from(values, (value) => (value as bigint | null) ?? 0n) };
    case 'dictionary':
    case 'utf8': {
      const codes = new Map<string | null, number>();
      const coded = Int32Array.from(values as readonly (string | null)[], (value) => {
        const code = codes.get(value) ?? codes.size;
        codes.set(value, code);
        return code;
      });
      return { kind: 'dictionary', ...base, codes: coded, dictionary: [...codes.keys()] };
    }
    case 'decimal':
    case 'list':
    case 'other':
      return { kind: 'opaque', ...base, read: (i) => values[i] };
    default:
      return { kind: 'number', ...base, values: new ARRAYS[type]((values as number[]).map((v) => v ?? Number.NaN)) };
  }
}
