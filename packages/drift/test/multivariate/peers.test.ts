import { tableFrom } from '@millwright/core/table';
import {
  domainClassifier,
  embeddingCells,
  energy,
  mmd,
  reconstruction,
  type Vectors,
} from '@millwright/drift/multivariate';
import { cramerVonMises, kolmogorovSmirnov } from '@millwright/drift/test';
import { describe, expect, test } from 'vitest';
import embeddings from '../vectors/embeddings.json' with { type: 'json' };
import joint from '../vectors/joint-drift.json' with { type: 'json' };
import expected from '../vectors/multivariate.json' with { type: 'json' };

const bytesOf = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;

/** 500 points of 16 coordinates. */
function cloud(name: string): Vectors {
  const values = new Float32Array(bytesOf((embeddings as Record<string, string>)[name]!));
  return { rows: 500, width: 16, values: Float64Array.from(values) };
}

const coordinate = ({ rows, width, values }: Vectors, k: number) =>
  Float64Array.from({ length: rows }, (_, i) => values[i * width + k]!);
const columnsOf = (points: Vectors) =>
  tableFrom(Object.fromEntries(Array.from({ length: points.width }, (_, k) => [`e${k}`, coordinate(points, k)])));
const reference = cloud('ref');

describe.each(expected.twoSample)('alibi-detect on $current', ({ current, mmd2, energy: distance, alibi }) => {
  const points = cloud(current.replace(/^embeddings_|\.csv$/g, ''));

  test('MMD at three bandwidths to 1e-9, energy distance', () => {
    for (const [bandwidth, value] of Object.entries(mmd2))
      expect(mmd(reference, points, { bandwidth: Number(bandwidth), permutations: 1 }).statistic).toBeCloseTo(value, 9);
    // Tabulated from 32-bit distances.
    expect(energy(reference, points, { permutations: 1 }).statistic).toBeCloseTo(distance, 8);
  });

  test('its own bandwidth: MMD in 32 bits, and the same verdict', () => {
    const ours = mmd(reference, points, { bandwidth: alibi.sigma });
    expect(ours.statistic).toBeCloseTo(alibi.mmd2, 5);
    expect(ours.verdict === 'drift').toBe(alibi.is_drift === 1);
  });

  test('Kolmogorov-Smirnov and Cramér-von Mises of every coordinate', () => {
    const { ks, cvm } = expected.coordinates.find((one) => one.current === current)!;
    for (let k = 0; k < 16; k++) {
      const [a, b] = [coordinate(reference, k), coordinate(points, k)];
      const asymptotic = kolmogorovSmirnov(a, b, { exactBelow: 0 });
      expect(asymptotic.statistic).toBeCloseTo(ks.distance[k]!, 6);
      expect(asymptotic.pValue).toBeCloseTo(ks.p_val[k]!, 6);
      expect(cramerVonMises(a, b).statistic).toBeCloseTo(cvm.distance[k]!, 5);
      expect(cramerVonMises(a, b).pValue).toBeCloseTo(cvm.p_val[k]!, 4);
    }
  });
});

test.each([
  ['cur_same', false, false, false],
  ['cur_mean_shift', true, true, true],
  ['cur_cov_shift', true, true, false],
])('who sees the drift of %s', (name, byMmd, byClassifier, byCells) => {
  const points = cloud(name);
  expect(mmd(reference, points).verdict === 'drift').toBe(byMmd);
  expect(domainClassifier(columnsOf(reference), columnsOf(points)).verdict === 'drift').toBe(byClassifier);
  const cells = embeddingCells(reference, { projections: 8, bins: 8, centroids: 8 });
  expect(cells.test(cells.count(points)).verdict === 'drift').toBe(byCells);
});

test('NannyML’s reconstruction error of twelve chunks, where a correlation turns and no column changes', () => {
  const numbers = (text: string) =>
    Array.from(new Float64Array(bytesOf(text)), (value) => (Number.isNaN(value) ? null : value));
  const columns: Record<string, readonly (number | string | null)[]> = {
    f1: numbers(joint.f1),
    f2: numbers(joint.f2),
    f3: numbers(joint.f3),
    c1: [...joint.c1].map((letter) => (letter === '-' ? null : letter)),
  };
  const rows = (from: number, to: number) =>
    tableFrom(Object.fromEntries(expected.joint.columns.map((name) => [name, columns[name]!.slice(from, to)])));
  const model = reconstruction(rows(0, 4_000));
  expect(model.components).toBe(expected.joint.components);
  const errors = [...model.errors(rows(0, 4_000)), ...model.errors(rows(4_000, 6_000))];
  const { reference: before, analysis } = expected.joint;
  [...before.value, ...analysis.value.slice(0, 4)].forEach((value, chunk) => {
    const part = errors.slice(500 * chunk, 500 * (chunk + 1));
    expect(part.reduce((sum, error) => sum + error, 0) / part.length).toBeCloseTo(value, 9);
  });
});
