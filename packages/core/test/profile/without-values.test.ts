import { decodeUtf8, seededRandom } from '@millwright/core';
import { decodeProfile, encodeProfile, mergeProfiles, profileTable, withoutValues } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { describe, expect, test } from 'vitest';

const random = seededRandom(4);
const SECRET = 123_456.789;
const rows = (count: number, name: string, income: number) =>
  tableFrom({
    income: Float64Array.from({ length: count }, (_, i) => (i === 0 ? income : Math.floor(1_000 * random.next()))),
    city: Array.from({ length: count }, (_, i) => (i === 0 ? name : ['Oslo', 'Rome'][i % 2]!)),
  });

describe('a profile without values', () => {
  const reference = profileTable(rows(500, 'Oslo', 10));
  const current = profileTable(rows(100, 'Nowhere-on-Sea', SECRET), { reference });

  test('holds no value of its rows: neither the extremes nor a name that the reference does not know', () => {
    const open = decodeUtf8(encodeProfile(current));
    expect(open).toContain('Nowhere-on-Sea');
    expect(open).toContain(String(SECRET));
    const closed = decodeUtf8(encodeProfile(withoutValues(current, reference)));
    expect(closed).not.toContain('Nowhere-on-Sea');
    expect(closed).not.toContain(String(SECRET));
  });

  test('keeps the counts that tests read, through its bytes', () => {
    const kept = decodeProfile(encodeProfile(withoutValues(current, reference)));
    const [open, closed] = [current.columns.get('income')!, kept.columns.get('income')!];
    expect(closed).toEqual({ ...open, min: undefined, max: undefined });
    expect(kept.columns.get('city')).toMatchObject({ other: 1, otherSample: new Map() });
  });

  test('merges with others of its kind to the same as merging before', () => {
    const other = profileTable(rows(50, 'Elsewhere', 7), { reference });
    const merged = mergeProfiles(withoutValues(current, reference), withoutValues(other, reference));
    expect(merged.digest).toBe(withoutValues(mergeProfiles(current, other), reference).digest);
  });

  test('refuses few rows, and columns with edges or categories of their own', () => {
    expect(() => withoutValues(profileTable(rows(5, 'Oslo', 1), { reference }), reference)).toThrow('20 rows or more');
    expect(() => withoutValues(profileTable(rows(100, 'Oslo', 1)), reference)).toThrow('counted against the reference');
    const cities = { columns: ['city'] };
    expect(() => withoutValues(profileTable(rows(100, 'Paris', 1), cities), reference)).toThrow('columns.city');
  });
});
