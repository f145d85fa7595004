import { checkInput, checkOutput, compatibility, defineContract, type FieldSpec } from '@millwright/core/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
const bound = maybe(fc.constantFrom(-1, 0, 0.5, 1, 2));
const dims = fc.array(fc.constantFrom<number | string>(1, 2, 'n', 'm'), { minLength: 1, maxLength: 2 });
const categories = maybe(fc.uniqueArray(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 3 }));

/** Fields from few values, so that two of them are often related; also constraints that the type does not use. */
const field: fc.Arbitrary<FieldSpec> = fc.oneof(
  fc.record({
    type: fc.constantFrom('number', 'integer', 'probability', 'timestamp', 'boolean'),
    ...{ min: bound, max: bound, nullable: maybe(fc.boolean()) },
    fallback: maybe(fc.constantFrom({ kind: 'mask' } as const, { kind: 'abstain' } as const)),
  }),
  fc.record({
    type: fc.constantFrom('text', 'category'),
    ...{ categories, pattern: maybe(fc.constantFrom('a', '^a*$')), nullable: maybe(fc.boolean()) },
    ...{ minLength: maybe(fc.nat(2)), maxLength: maybe(fc.integer({ min: 1, max: 3 })) },
  }),
  fc.record({ type: fc.constant('tensor'), dtype: fc.constantFrom('float32', 'int64'), dims }),
) as fc.Arbitrary<FieldSpec>;
const fields = fc.dictionary(fc.constantFrom('x', 'y'), field, { minKeys: 1 });

/** The same fields with one of them changed in part: a change such as people make. */
const change = fc.tuple(fields, field, fc.constantFrom('x', 'y'), fc.nat(20)).map(([before, other, name, pick]) => {
  const was = before[name];
  const key = Object.keys(other)[pick % Object.keys(other).length] as keyof FieldSpec;
  const after = was === undefined || pick > 15 ? other : { ...was, [key]: other[key] };
  return [before, { ...before, [name]: after }] as const;
});
const pair = fc.oneof(fc.tuple(fields, fields), change);

const numbers = [-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 1e300, Number.NaN, 2 ** 53];
const tensors = [[1], [2], [3], [1, 1], [1, 2], [2, 2], [2, 3]].flatMap((sizes) =>
  ['float32', 'int64'].map((dtype) => ({ dtype, dims: sizes, data: new Float32Array(sizes.reduce((a, b) => a * b)) })),
);
const VALUES: readonly unknown[] = [
  ...numbers,
  ...['', 'a', 'b', 'ab', 'aaa', 'aaaa', '𝒳', '1970-01-01T00:00:00.001Z'],
  ...[true, null, undefined],
  ...tensors,
];

function define(side: 'inputs' | 'outputs', spec: Readonly<Record<string, FieldSpec>>) {
  try {
    return defineContract({ inputs: {}, outputs: {}, [side]: spec });
  } catch {
    return undefined;
  }
}

/** Every way to fill the fields of one side. */
function* fillings(names: readonly string[]): Generator<Record<string, unknown>> {
  const [first, second] = names;
  for (const a of VALUES)
    if (second === undefined) yield { [first!]: a };
    else for (const b of VALUES) yield { [first!]: a, [second]: b };
}

describe('what is called safe is safe', () => {
  test('for writers: every input that the old contract takes is taken by the new one', () => {
    let safe = 0;
    fc.assert(
      fc.property(pair, ([was, is]) => {
        const [before, after] = [define('inputs', was), define('inputs', is)];
        if (before === undefined || after === undefined || compatibility(before, after).class !== 'safe') return;
        safe++;
        for (const value of fillings(Object.keys(was)))
          if (checkInput(before, value).ok) expect(checkInput(after, value).ok, JSON.stringify(value)).toBe(true);
      }),
      { numRuns: 2_000, seed: 4 },
    );
    expect(safe).toBeGreaterThan(200);
  });

  test('for readers: every output that the new contract allows was allowed by the old one', () => {
    let safe = 0;
    fc.assert(
      fc.property(pair, ([was, is]) => {
        const [before, after] = [define('outputs', was), define('outputs', is)];
        if (before === undefined || after === undefined || compatibility(before, after).class !== 'safe') return;
        safe++;
        for (const value of fillings(Object.keys(is)))
          if (checkOutput(after, value).ok) expect(checkOutput(before, value).ok, JSON.stringify(value)).toBe(true);
      }),
      { numRuns: 2_000, seed: 5 },
    );
    expect(safe).toBeGreaterThan(200);
  });

  test('a contract is compatible with itself, and what widens one way narrows the other', () => {
    fc.assert(
      fc.property(change, ([was, is]) => {
        const [before, after] = [define('inputs', was), define('inputs', is)];
        if (before === undefined || after === undefined) return;
        expect(compatibility(before, before)).toEqual({ class: 'safe', changes: [], bump: 'none' });
        const [there, back] = [compatibility(before, after), compatibility(after, before)];
        if (there.bump === 'minor' && back.bump === 'minor')
          for (const value of fillings(Object.keys(was)))
            expect(checkInput(before, value).ok).toBe(checkInput(after, value).ok);
      }),
      { numRuns: 500, seed: 6 },
    );
  });
});
