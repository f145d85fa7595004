import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  kurtosisOf,
  meanOf,
  mergeProfiles,
  type NumberProfile,
  profileTable,
  skewnessOf,
  varianceOf,
} from '@millwright/core/profile';
import { type QuantileMethod, quantile } from '@millwright/core/statistics';
import { sliceTable, tableFrom } from '@millwright/core/table';
import { describe, expect, test } from 'vitest';
import { expectNear } from './statistics/near.js';

/**
 * The vectors whose data are too large for the repository: `moments_quantiles.json` and `anchored_histogram.json`, with
 * the files that they name. All others are complete in `vectors/`.
 */
const folder = process.env['MILLWRIGHT_VECTORS'];

describe.skipIf(folder === undefined)('full vectors (set MILLWRIGHT_VECTORS to their folder)', () => {
  const read = (file: string) => JSON.parse(readFileSync(join(folder!, file), 'utf8'));

  test('moments of nine columns equal numpy and scipy', () => {
    const { file, cases } = read('moments_quantiles.json').moments;
    for (const { column, n, mean, var_ddof1, skew, kurtosis_excess, min, max } of cases) {
      const x = columnOf(file, column);
      const profile = profileTable(tableFrom({ x }), { shape: true }).columns.get('x') as NumberProfile;
      expect(profile).toMatchObject({ finite: n, min, max });
      expectNear(meanOf(profile)!, mean, `${column} mean`);
      expectNear(varianceOf(profile)!, var_ddof1, `${column} variance`);
      // At an offset of 1e9 scipy rounds the mean first; the small vectors hold the exact values.
      const relative = column.includes('offset') ? 1e-6 : 1e-9;
      expectNear(skewnessOf(profile) ?? Number.NaN, skew, `${column} skewness`, { relative });
      expectNear(kurtosisOf(profile) ?? Number.NaN, kurtosis_excess, `${column} kurtosis`, { relative });
    }
    expect(cases.length).toBe(9);
  });

  test('16 lists of quantiles equal numpy', () => {
    const { quantiles } = read('moments_quantiles.json');
    for (const { file, column, rows, method, q, values } of quantiles) {
      const sample = columnOf(file, column).subarray(0, rows);
      q.forEach((p: number, i: number) => {
        expectNear(quantile(sample, p, method as QuantileMethod), values[i], `${column} ${method} ${p}`);
      });
    }
    expect(quantiles.length).toBe(16);
  });

  test('counts in the cells of a reference, in eight shards and merged, equal numpy', () => {
    const { cases } = read('anchored_histogram.json');
    for (const { file, column, ref_range, cur_range, edges, ref_counts, shard_counts, merged_counts } of cases) {
      const x = columnOf(file, column);
      const reference = anchoredAt(Float64Array.from(edges));
      const table = tableFrom({ x: x.slice(cur_range[0], cur_range[1]) });
      const countsOf = (profile: ReturnType<typeof profileTable>) => [
        ...(profile.columns.get('x') as NumberProfile).histogram.counts,
      ];
      expect(countsOf(profileTable(tableFrom({ x: x.slice(ref_range[0], ref_range[1]) }), { reference }))).toEqual(
        ref_counts,
      );
      const size = table.rowCount / shard_counts.length;
      const shards = shard_counts.map((_: unknown, i: number) =>
        profileTable(sliceTable(table, i * size, (i + 1) * size), { reference }),
      );
      expect(shards.map(countsOf)).toEqual(shard_counts);
      expect(countsOf(shards.reduce(mergeProfiles))).toEqual(merged_counts);
    }
    expect(cases.length).toBe(4);
  });

  function columnOf(file: string, name: string): Float64Array {
    const [header, ...lines] = readFileSync(resolve(folder!, file), 'utf8').trim().split(/\r?\n/);
    const at = header!.split(',').indexOf(name);
    expect(at, name).toBeGreaterThanOrEqual(0);
    return Float64Array.from(lines, (line) => Number(line.split(',')[at]));
  }
});

/** A reference with these edges: only they matter to what is counted against it. */
function anchoredAt(edges: Float64Array) {
  const profile = profileTable(tableFrom({ x: edges.slice(0, 0) }));
  const was = profile.columns.get('x') as NumberProfile;
  const histogram = { edges, counts: new Float64Array(edges.length + 1) };
  return { ...profile, columns: new Map([['x', { ...was, histogram }]]) };
}
