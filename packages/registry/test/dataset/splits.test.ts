import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSplits } from '../../src/dataset/index.js';

describe('splits', () => {
  test('that share nothing pass, and what they share is named', () => {
    const train = { ids: [1, 2, 3], groups: ['a', 'a', 'b'], times: [10, 20, 30] };
    expect(checkSplits({ train, test: { ids: [4, 5], groups: ['c', 'd'], times: [31, 40] } })).toEqual({
      verdict: 'pass',
      need: undefined,
      leaks: [],
    });
    const test = { ids: [3, 4, 4], groups: ['c', 'b', 'd'], times: [30, 31, 29] };
    expect(checkSplits({ train, test })).toMatchObject({
      verdict: 'fail',
      leaks: [
        { kind: 'duplicate', between: ['test', 'test'], rows: 1, samples: [4] },
        { kind: 'id', between: ['train', 'test'], rows: 1, samples: [3] },
        { kind: 'group', between: ['train', 'test'], rows: 1, samples: ['b'] },
        { kind: 'time', between: ['train', 'test'], rows: 2, samples: [30] },
      ],
    });
  });

  test('without rows decide nothing, and lists must fit', () => {
    expect(checkSplits({ train: { ids: [1] }, test: { ids: [] } }).verdict).toBe('insufficient');
    expect(checkSplits({}).verdict).toBe('insufficient');
    expect(() => checkSplits({ train: { ids: [1], times: [] } })).toThrow(/1 values/);
    expect(() => checkSplits({ train: { ids: [1], times: [Number.NaN] } })).toThrow(/numbers/);
  });

  test('property: fail exactly when some id is in two places', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(ids, ids, ids, (train, validation, test) => {
        const all = [...train, ...validation, ...test];
        const report = checkSplits({ train: { ids: train }, validation: { ids: validation }, test: { ids: test } });
        expect(report.verdict).toBe(new Set(all).size === all.length ? 'pass' : 'fail');
      }),
    );
  });
});
