import { concatTables, sliceTable, type Table, tableFrom } from '@millwright/core/table';
import { expect as data, type Expectation, type RuleOptions, validate } from '@millwright/core/validation';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { utf8Column } from '../support/utf8-column.js';

/**
 * Schemas and rows are made up; zod judges row by row, Millwright column by column; the failing rows have to be the
 * same, field by field, and so has the verdict on the whole. CI runs 1,500 schemas; the full number is
 * `MILLWRIGHT_FUZZ_CASES=10000 npx vitest run --project any packages/core/test/validation/zod-fuzz.test.ts`.
 */
const CASES = Number(globalThis.process?.env['MILLWRIGHT_FUZZ_CASES'] ?? 1_500);

/** A field as both sides see it. `column` makes the column of some of the values. */
interface Field {
  readonly schema: z.ZodType;
  readonly expectations: (name: string) => readonly Expectation[];
  readonly values: fc.Arbitrary<unknown>;
  readonly column: (values: readonly never[]) => Table;
}

// Nothing to judge is no objection to zod.
const EMPTY: RuleOptions = { onEmpty: 'pass' };
const field = (parts: Omit<Field, 'column'> & Partial<Field>): Field => ({
  column: (values) => tableFrom({ x: values }),
  ...parts,
});

interface Bounds {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly open: boolean;
}

/** At most one of the optional bounds below and one above, inclusive or not. */
const bounds = (bound: fc.Arbitrary<number>) =>
  fc.record({
    min: fc.option(bound, { nil: undefined }),
    max: fc.option(bound, { nil: undefined }),
    open: fc.boolean(),
  });

const nearby = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -4, max: 4, noNaN: true }));
const odd = fc.constantFrom(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  2 ** 53,
  -(2 ** 60),
  5e-324,
);

function withBounds(schema: z.ZodNumber, { min, max, open }: Bounds): z.ZodNumber {
  let bounded = schema;
  if (min !== undefined) bounded = open ? bounded.gt(min) : bounded.gte(min);
  if (max !== undefined) bounded = open ? bounded.lt(max) : bounded.lte(max);
  return bounded;
}

/** Exclusive bounds as the next double inside. */
function inclusive({ min, max, open }: Bounds) {
  const low = min !== undefined && open ? nextUp(min) : min;
  const high = max !== undefined && open ? -nextUp(-max) : max;
  return { low, high, possible: low === undefined || high === undefined || low <= high };
}

function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0] = bits[0]! + (value > 0 ? 1n : -1n);
  return new Float64Array(bits.buffer)[0]!;
}

const numbers = fc.record({ bounds: bounds(nearby), whole: fc.boolean() }).filter((f) => inclusive(f.bounds).possible);

const doubles = numbers.map(({ bounds: b, whole }) => {
  const { low, high } = inclusive(b);
  return field({
    schema: withBounds(whole ? z.int() : z.number(), b),
    expectations: (x) => [
      data.column(x).finite(EMPTY),
      ...(low === undefined && high === undefined ? [] : [data.column(x).between(low, high, EMPTY)]),
      // zod's integers are those that JavaScript counts exactly.
      ...(whole
        ? [
            data.column(x).type('integer', EMPTY),
            data.column(x).between(-(2 ** 53) + 1, 2 ** 53 - 1, { ...EMPTY, id: `${x}.safe` }),
          ]
        : []),
    ],
    values: fc.oneof({ weight: 4, arbitrary: nearby }, odd),
  });
});

const floats = numbers.map(({ bounds: b }) => {
  const { low, high } = inclusive(b);
  return field({
    schema: withBounds(z.number(), b),
    expectations: (x) => [
      data.column(x).finite(EMPTY),
      data.column(x).between(low, high, { ...EMPTY, id: `${x}.range` }),
    ],
    values: fc.oneof({ weight: 4, arbitrary: nearby }, odd).map(Math.fround),
    column: (values) => tableFrom({ x: Float32Array.from(values) }),
  });
});

const ARRAYS = [Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array];
const integers = fc
  .record({ array: fc.constantFrom(...ARRAYS), bounds: bounds(fc.integer({ min: -3, max: 300 })) })
  .map(({ array, bounds: b }) => {
    const low = b.min !== undefined && b.open ? b.min + 1 : b.min;
    const high = b.max !== undefined && b.open ? b.max - 1 : b.max;
    const possible = low === undefined || high === undefined || low <= high;
    return field({
      schema: possible ? withBounds(z.int(), b) : z.int(),
      expectations: (x) => [
        data.column(x).type('integer', EMPTY),
        data.column(x).between(possible ? low : undefined, possible ? high : undefined, EMPTY),
      ],
      values: fc
        .oneof(fc.integer({ min: -5, max: 305 }), fc.constantFrom(2 ** 31, -(2 ** 31)))
        .map((v) => array.of(v)[0]),
      column: (values) => tableFrom({ x: array.from(values) }),
    });
  });

const far = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 32n, 0n, -1n, 3n];
const safe = fc.option(fc.constantFrom(-(2 ** 53) + 1, -1, 0, 3, 2 ** 32, 2 ** 53 - 1), { nil: undefined });
const bigs = fc
  .tuple(fc.boolean(), safe, safe)
  .filter(([, min, max]) => (min ?? -Infinity) <= (max ?? Infinity))
  .map(([signed, min, max]) => {
    let schema = z.bigint();
    if (min !== undefined) schema = schema.gte(BigInt(min));
    if (max !== undefined) schema = schema.lte(BigInt(max));
    const kept = far.filter((v) => signed || v >= 0n);
    return field({
      schema,
      expectations: (x) => [data.column(x).between(min, max, EMPTY)],
      values: fc.oneof(fc.constantFrom(...kept), fc.bigInt({ min: signed ? -5n : 0n, max: 5n })),
      column: (values) => tableFrom({ x: (signed ? BigInt64Array : BigUint64Array).from(values) }),
    });
  });

const letters = fc.constantFrom('a', 'b', 'A', '1', '.', '@', 'é', '👩', '\n', ' ');
const text = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: letters, maxLength: 7 }) },
  fc.constantFrom(
    'a@b.co',
    'x.y@a-b.org',
    '10.0.0.1',
    '123e4567-e89b-42d3-a456-426614174000',
    '2026-02-29',
    '2026-01-31',
    'ab',
  ),
);
const escaped = (part: string) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const PATTERNS = ['^[a-z]+$', 'a+b', '^.{2,3}$', '[^a]', '1$', '^(ab|é)*$', '\\s', '^\\w+@\\w+$', '(a|aa)+$', '^(?!a)'];
/** Checks of text: how zod says it, and how a column does. */
const textCheck = fc.oneof<fc.Arbitrary<readonly [(s: z.ZodString) => z.ZodString, (x: string) => Expectation]>[]>(
  fc.nat(4).map((n) => [(s) => s.min(n), (x) => data.column(x).length({ min: n }, EMPTY)] as const),
  fc.nat(6).map((n) => [(s) => s.max(n), (x) => data.column(x).length({ max: n }, EMPTY)] as const),
  fc.nat(4).map((n) => [(s) => s.length(n), (x) => data.column(x).length({ min: n, max: n }, EMPTY)] as const),
  fc
    .constantFrom(...PATTERNS)
    .map((p) => [(s) => s.regex(new RegExp(p, 'u')), (x) => data.column(x).matches(p, EMPTY)] as const),
  fc
    .constantFrom(...PATTERNS)
    .map(
      (p) => [(s) => s.regex(new RegExp(p, 'iu')), (x) => data.column(x).matches(new RegExp(p, 'i'), EMPTY)] as const,
    ),
  fc
    .string({ unit: letters, minLength: 1, maxLength: 2 })
    .chain((part) =>
      fc.constantFrom(
        [
          (s: z.ZodString) => s.startsWith(part),
          (x: string) => data.column(x).matches(`^${escaped(part)}`, EMPTY),
        ] as const,
        [
          (s: z.ZodString) => s.endsWith(part),
          (x: string) => data.column(x).matches(`${escaped(part)}$`, EMPTY),
        ] as const,
        [(s: z.ZodString) => s.includes(part), (x: string) => data.column(x).matches(escaped(part), EMPTY)] as const,
      ),
    ),
  fc.constantFrom(
    [
      (s: z.ZodString) => s.lowercase(),
      (x: string) => data.column(x).matches(z.regexes.lowercase.source, EMPTY),
    ] as const,
    [
      (s: z.ZodString) => s.uppercase(),
      (x: string) => data.column(x).matches(z.regexes.uppercase.source, EMPTY),
    ] as const,
  ),
);
const formats = [z.email(), z.ipv4(), z.uuid(), z.iso.date()].map((schema) => ({
  schema,
  source: schema.def.pattern?.source ?? schema._zod.bag.patterns?.values().next().value?.source,
}));

const encodings = fc.constantFrom<Field['column']>(
  (values) => tableFrom({ x: values }),
  (values) => tableFrom({ x: utf8Column(values) }),
);
const strings = fc.oneof(
  fc.tuple(fc.array(textCheck, { maxLength: 2 }), encodings).map(([checks, column]) =>
    field({
      schema: checks.reduce((schema, [add]) => add(schema), z.string()),
      expectations: (x) => [
        data.column(x).type('string', EMPTY),
        ...checks.map(([, expectation], i) => ({ ...expectation(x), id: `${x}.check${i}` })),
      ],
      values: text,
      column,
    }),
  ),
  fc
    .tuple(fc.constantFrom(...formats), encodings)
    .map(([{ schema, source }, column]) =>
      field({ schema, expectations: (x) => [data.column(x).matches(source!, EMPTY)], values: text, column }),
    ),
  fc
    .tuple(fc.uniqueArray(text, { minLength: 1, maxLength: 4 }), fc.boolean(), encodings)
    .map(([values, wanted, column]) =>
      field({
        schema: wanted ? z.enum(values) : z.string().refine((v) => !values.includes(v)),
        expectations: (x) => [wanted ? data.column(x).in(values, EMPTY) : data.column(x).notIn(values, EMPTY)],
        values: fc.oneof(fc.constantFrom(...values), text),
        column,
      }),
    ),
);

const others = fc.oneof(
  fc.option(fc.boolean(), { nil: undefined }).map((only) =>
    field({
      schema: only === undefined ? z.boolean() : z.literal(only),
      expectations: (x) => [
        only === undefined ? data.column(x).type('boolean', EMPTY) : data.column(x).in([only], EMPTY),
      ],
      values: fc.boolean(),
    }),
  ),
  fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 4 }).map((values) =>
    field({
      schema: z.literal(values),
      expectations: (x) => [data.column(x).in(values, EMPTY)],
      values: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constantFrom(0.5, Number.NaN, -0)),
    }),
  ),
  fc.tuple(fc.nat(10), fc.nat(10)).map(([a, b]) => {
    const [from, to] = [new Date(Math.min(a, b) * 1_000), new Date(Math.max(a, b) * 1_000)];
    return field({
      schema: z.date().min(from).max(to),
      expectations: (x) => [
        data.column(x).type('timestamp', EMPTY),
        data.column(x).between(from, to.toISOString(), EMPTY),
      ],
      values: fc.oneof(fc.nat(11_000), fc.constant(Number.NaN)).map((ms) => new Date(ms)),
    });
  }),
);

/** A field that may be null, or that may not and is. Typed arrays hold no null. */
const nullable = (of: fc.Arbitrary<Field>) =>
  fc.record({ of, allowed: fc.boolean(), come: fc.boolean() }).map(({ of: f, allowed, come }) =>
    field({
      schema: allowed ? f.schema.nullable() : f.schema,
      expectations: (x) => [...f.expectations(x), ...(allowed ? [] : [data.column(x).notNull(EMPTY)])],
      values: come ? fc.option(f.values, { freq: 4 }) : f.values,
      column: f.column,
    }),
  );

const fields = fc.oneof(nullable(doubles), nullable(strings), nullable(others), floats, integers, bigs);
const cases = fc.array(fields, { minLength: 1, maxLength: 4 }).chain((chosen) =>
  fc.record({
    fields: fc.constant(chosen),
    rows: fc.array(fc.tuple(...chosen.map((f) => f.values)), { minLength: 1, maxLength: 70, size: 'max' }),
    cuts: fc.array(fc.nat(70), { maxLength: 2 }),
    slice: fc.tuple(fc.nat(9), fc.nat(9)),
    ordered: fc.boolean(),
    atMost: fc.nat(70),
  }),
);

test(`${CASES} schemas: the same failing rows as zod`, { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(cases, ({ fields: chosen, rows: all, cuts, slice, ordered, atMost }) => {
      // A column of nothing but null has no type that a check could be for.
      fc.pre(chosen.every((_, i) => all.some((row) => row[i] !== null)));
      const names = chosen.map((_, i) => `f${i}`);
      const [start, end] = [Math.min(slice[0], all.length - 1), Math.max(slice[0] + 1, all.length - slice[1])];
      const rows = all.slice(start, end);
      const table = sliceTable(chunked(chosen, names, all, cuts), start, end);

      const byField = chosen.map((f, i) => f.expectations(names[i]!));
      const numeric = names.filter((_, i) => rows.every((row) => typeof row[i] === 'number'));
      const [left, right] = numeric;
      const pair = ordered && left !== undefined && right !== undefined ? [data.compare(left, '<=', right)] : [];
      const suite = [...byField.flat(), ...pair, data.rowCount({ max: atMost }), data.columns(names, { exact: true })];
      const report = validate(table, suite, { samples: { limit: 1_000 } });
      for (const { expectation, counts, samples } of report.outcomes)
        if (expectation.kind !== 'rowCount') expect(counts.unexpected).toBe(samples.length);
      const failing = (of: readonly Expectation[]) => {
        const found = report.outcomes.filter((o) => of.some((e) => e.id === o.expectation.id));
        return [...new Set(found.flatMap((o) => o.samples.map((s) => s.row)))].sort((a, b) => a - b);
      };
      for (const [i, f] of chosen.entries()) {
        const wanted = rows.flatMap((row, r) => (f.schema.safeParse(row[i]).success ? [] : [r]));
        expect([names[i], failing(byField[i]!)]).toEqual([names[i], wanted]);
      }

      let row: z.ZodType = z.strictObject(Object.fromEntries(chosen.map((f, i) => [names[i]!, f.schema])));
      if (pair.length > 0)
        row = row.refine((r) => (r as Record<string, number>)[left!]! <= (r as Record<string, number>)[right!]!);
      const objects = rows.map((r) => Object.fromEntries(names.map((name, i) => [name, r[i]])));
      const accepted = z.array(row).max(atMost).safeParse(objects).success;
      expect(report.verdict).toBe(accepted ? 'pass' : 'fail');
    }),
    { numRuns: CASES, seed: 20_261_121 },
  );
});

/** The rows as columns of several chunks, each encoded on its own. */
function chunked(
  chosen: readonly Field[],
  names: readonly string[],
  rows: readonly unknown[][],
  cuts: readonly number[],
) {
  const ends = [...new Set([...cuts.filter((c) => c > 0 && c < rows.length), rows.length])].sort((a, b) => a - b);
  const columns = chosen.map((f, i) => {
    const values = rows.map((row) => row[i]) as never[];
    // A chunk without any value has the type of no value.
    const typed = ends.every((end, k) => values.slice(ends[k - 1] ?? 0, end).some((v) => v !== null));
    const parts = typed ? ends.map((end, k) => f.column(values.slice(ends[k - 1] ?? 0, end))) : [f.column(values)];
    return [names[i]!, concatTables(parts).columns.get('x')!] as const;
  });
  return tableFrom(Object.fromEntries(columns));
}
