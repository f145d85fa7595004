import { seededRandom } from '@millwright/core';
import {
  decodeCounts,
  decodeProfile,
  encodeCounts,
  encodeProfile,
  meanOf,
  mergeProfiles,
  type NumberProfile,
  profileTable,
  withoutValues,
} from '@millwright/core/profile';
import { columnSketches } from '@millwright/core/sketch';
import { sliceTable, tableFrom } from '@millwright/core/table';
import { describe, expect, test } from 'vitest';
import { mixedTable } from './mixed-table.js';

/** Values that no other part of a profile could contain by chance. */
const secrets = Array.from({ length: 40 }, (_, i) => `secret-person-${i}`);
const amounts = secrets.map((_, i) => 7_700_000.125 + 977 * i);
const table = tableFrom({ name: secrets, amount: amounts, few: amounts.map((v, i) => (i < 3 ? v : null)) });
const reference = profileTable(
  tableFrom({ name: [...secrets.slice(0, 20), 'other'], amount: amounts.slice(0, 21), few: amounts.slice(0, 21) }),
  { presence: ['amount', 'few'] },
);
const profile = profileTable(table, { reference, sketcher: columnSketches() });
const textOf = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

/** The bytes and whatever base64 they hold. */
function everything(bytes: Uint8Array): string {
  const text = textOf(bytes);
  return text + [...text.matchAll(/"([A-Za-z0-9+/]{8,}={0,2})"/g)].map(([, code]) => safeAtob(code!)).join('');
}

function safeAtob(code: string): string {
  try {
    return atob(code);
  } catch {
    return '';
  }
}

function bytesOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return textOf(new Uint8Array(view.buffer));
}

describe('profiles without values', () => {
  test('no value of the data is in the bytes, where a profile has many', () => {
    const [open, closed] = [everything(encodeProfile(profile)), everything(encodeCounts(profile, reference))];
    const found = (text: string) =>
      [...secrets, ...amounts.map(String), ...amounts.map(bytesOf)].filter((value) => text.includes(value)).length;
    expect(found(open)).toBeGreaterThan(40);
    expect(found(closed)).toBe(0);
    expect(closed).not.toContain('secret');
  });

  test('the reader has counts, moments and presence; extremes, samples, sketches and small columns are gone', () => {
    const read = decodeCounts(encodeCounts(profile, reference), reference);
    const [was, is] = [profile, read].map((p) => p.columns.get('amount') as NumberProfile) as [
      NumberProfile,
      NumberProfile,
    ];
    expect(is.histogram).toEqual(was.histogram);
    expect(meanOf(is)).toBe(meanOf(was));
    expect([is.min, is.max, is.sketches]).toEqual([undefined, undefined, undefined]);
    expect(read.columns.get('name')).toEqual({
      ...profile.columns.get('name'),
      otherSample: new Map(),
      sketches: undefined,
    });
    expect(read.columns.get('few')).toEqual({ kind: 'presence', type: 'f64', rows: 40, nulls: 37 });
    expect(read.presence).toEqual(profile.presence);
    expect(read.digest).toBe(withoutValues(profile, reference).digest);
  });

  test('merge with each other and with open ones; an extreme that one withholds stays unknown', () => {
    const parts = [0, 20].map((start) =>
      profileTable(sliceTable(table, start, start + 20), { reference, columns: ['amount'] }),
    );
    const [a, b] = parts.map((part) => decodeCounts(encodeCounts(part, reference), reference));
    const open = mergeProfiles(parts[0]!, parts[1]!).columns.get('amount') as NumberProfile;
    for (const merged of [mergeProfiles(a!, b!), mergeProfiles(parts[0]!, b!)]) {
      expect(merged.columns.get('amount')).toEqual({ ...open, min: undefined, max: undefined });
    }
  });

  test('survive any column, and the profile that was read survives its own bytes', () => {
    const anchor = profileTable(mixedTable(300, 5), { shape: true });
    const mixed = profileTable(mixedTable(200, 6), { reference: anchor });
    const read = decodeCounts(encodeCounts(mixed, anchor), anchor);
    expect(decodeProfile(encodeProfile(read)).digest).toBe(read.digest);
    expect([...read.columns.keys()]).toEqual([...mixed.columns.keys()]);
  });

  test('a profile of its own edges, another reference and damaged bytes are refused', () => {
    const random = seededRandom(1);
    const own = profileTable(tableFrom({ amount: amounts.map(() => random.next()), name: secrets }));
    expect(() => encodeCounts(own, reference)).toThrow('counted against the reference');
    expect(() => encodeCounts(profileTable(tableFrom({ name: secrets })), reference)).toThrow(
      'counted against the reference',
    );
    const bytes = encodeCounts(profile, reference);
    expect(() => decodeCounts(bytes, own)).toThrow('Expected `reference`');
    expect(() => decodeCounts(bytes.slice(0, 90), reference)).toThrow('JSON');
    const changed = textOf(bytes).replace('"rowCount":40', '"rowCount":41');
    expect(() => decodeCounts(new TextEncoder().encode(changed), reference)).toThrow('add up');
  });
});
