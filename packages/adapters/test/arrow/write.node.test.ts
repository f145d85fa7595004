import { columnOf, type Table, tableFrom, tableFromArrow } from '@millwright/core/table';
import { Table as ArrowTable, LargeUtf8, tableFromIPC, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArrow, writeArrow } from '../../src/arrow.js';
import { anyTable, valuesOf } from '../support/tables.js';

const types = (table: Table) => Object.fromEntries([...table.columns].map(([name, { type }]) => [name, type]));

describe('writeArrow', () => {
  it.each(['file', 'stream'] as const)(
    'writes a %s of the same values and types, nulls and chunks and all',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(anyTable, async (table) => {
          const back = await readArrow(await writeArrow(table, { format }));
          expect(valuesOf(back)).toEqual(valuesOf(table));
          if (table.rowCount > 0) expect(types(back)).toEqual(types(table));
        }),
        { numRuns: 60 },
      );
    },
  );

  it('writes what came from Arrow with its types', async () => {
    const arrow = new ArrowTable({
      x: vectorFromArray(Float32Array.of(1, 2, 3)),
      u: vectorFromArray(BigUint64Array.of(0n, 1n, 2n ** 64n - 1n)),
      text: vectorFromArray(['ä', null, ''], new Utf8()),
      large: vectorFromArray(['ä', null, 'long'], new LargeUtf8()),
    });
    const table = tableFromArrow(arrow);
    const back = await readArrow(await writeArrow(table));
    expect(valuesOf(back)).toEqual(valuesOf(table));
    expect(types(back)).toMatchObject({ x: 'f32', u: 'u64', text: 'utf8', large: 'utf8' });
  });

  it('keeps units and zones of times, dates, and lists of one width', async () => {
    const of = (values: BigInt64Array | Int32Array) =>
      ({ length: values.length, validity: undefined, nullCount: 0, values }) as const;
    const head = { length: 2, nullCount: 0 } as const;
    const nanos = BigInt64Array.of(1_767_225_600_123_456_789n, 0n);
    const table = tableFrom({
      at: {
        ...head,
        name: 'at',
        type: 'timestamp',
        unitsPerMs: 1e6,
        timezone: 'UTC',
        chunks: [{ kind: 'big', ...of(nanos), values: nanos }],
      },
      day: {
        ...head,
        name: 'day',
        type: 'date',
        unitsPerMs: 1 / 86_400_000,
        chunks: [{ kind: 'number', ...of(Int32Array.of(20_454, -1)), values: Int32Array.of(20_454, -1) }],
      },
      embedding: {
        ...head,
        name: 'embedding',
        type: 'list',
        chunks: [
          { kind: 'list', width: 2, length: 2, validity: undefined, nullCount: 0, values: Float32Array.of(1, 2, 3, 4) },
        ],
      },
    });
    const back = await readArrow(await writeArrow(table));
    expect(columnOf(back, 'at')).toMatchObject({ unitsPerMs: 1e6, timezone: 'UTC', chunks: [{ values: nanos }] });
    expect(columnOf(back, 'day')).toMatchObject({ type: 'date', unitsPerMs: 1 / 86_400_000 });
    expect(valuesOf(back)).toEqual(valuesOf(table));
  });

  it('writes tables without rows with their types', async () => {
    const back = tableFromIPC(await writeArrow(tableFrom({ x: new Int16Array(0), ok: [true].slice(1) })));
    expect([back.numRows, back.schema.fields.map(({ type }) => String(type))]).toEqual([0, ['Int16', 'Float64']]);
  });

  it('refuses what has no type here', async () => {
    const chunk = { kind: 'opaque', length: 1, validity: undefined, nullCount: 0, read: () => ({}) } as const;
    const table = tableFrom({ odd: { name: 'odd', type: 'other', length: 1, nullCount: 0, chunks: [chunk] } });
    await expect(writeArrow(table)).rejects.toMatchObject({ code: 'table/column', details: { column: 'odd' } });
  });
});
