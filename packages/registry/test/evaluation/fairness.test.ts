import { newcombeDifference, wilsonInterval } from '@millwright/core/statistics';
import { describe, expect, test } from 'vitest';
import {
  calibrationByGroup,
  confusion,
  equalizedOdds,
  type FairnessGroup,
  type FairnessRate,
  fairnessFrame,
} from '../../src/evaluation/index.js';
import binary from '../vectors/classification-binary.json' with { type: 'json' };
import vectors from '../vectors/fairness.json' with { type: 'json' };
import { expectNear } from './near.js';

const RATES: Readonly<Record<string, FairnessRate>> = {
  selection_rate: 'selectionRate',
  tpr: 'recall',
  fpr: 'falsePositiveRate',
  tnr: 'specificity',
  fnr: 'falseNegativeRate',
  accuracy: 'accuracy',
};

function groupsOf(truth: number[], decided: number[], labels: string[], weights?: number[]): FairnessGroup[] {
  return [...new Set(labels)].sort().map((group) => {
    const rows = labels.flatMap((label, i) => (label === group ? [i] : []));
    return {
      group,
      cells: confusion(
        rows.map((i) => truth[i]!),
        rows.map((i) => decided[i]!),
        weights === undefined ? undefined : rows.map((i) => weights[i]!),
      ),
    };
  });
}

/** Rates of one group; `group` holds its name in parts. */
type Rates = Readonly<Record<string, number | string | readonly string[]>> & { readonly group: readonly string[] };

interface Frame {
  readonly by_group: readonly Rates[];
  readonly overall: Readonly<Record<string, number>>;
  readonly group_min: Readonly<Record<string, number>>;
  readonly group_max: Readonly<Record<string, number>>;
  readonly difference_between_groups: Readonly<Record<string, number | string>>;
  readonly ratio_between_groups: Readonly<Record<string, number | string>>;
  readonly difference_to_overall: Readonly<Record<string, number | string>>;
  readonly ratio_to_overall: Readonly<Record<string, number | string>>;
}

function expectFrame(groups: readonly FairnessGroup[], expected: Frame, label: string): void {
  for (const [name, rate] of Object.entries(RATES)) {
    const own = fairnessFrame(rate, groups);
    const near = (value: number | undefined, wanted: unknown, what: string) => {
      if (typeof wanted === 'number') expectNear(value ?? Number.NaN, wanted, `${label} ${name} ${what}`);
    };
    near(own.overall.value, expected.overall[name], 'overall');
    near(own.min.value, expected.group_min[name], 'min');
    near(own.max.value, expected.group_max[name], 'max');
    near(own.difference.value, expected.difference_between_groups[name], 'difference');
    near(own.ratio.value, expected.ratio_between_groups[name], 'ratio');
    near(own.differenceToOverall.value, expected.difference_to_overall[name], 'difference to overall');
    near(own.ratioToOverall.value, expected.ratio_to_overall[name], 'ratio to overall');
    for (const row of expected.by_group) {
      const found = own.groups.find(({ group }) => group === row.group.join(' '))!;
      near(found.measure.value, row[name], `group ${row.group.join(' ')}`);
    }
  }
}

/** fairlearn's scalar functions, by the names that the vectors give them. */
function expectScalars(
  groups: readonly FairnessGroup[],
  expected: Readonly<Record<string, unknown>>,
  label: string,
): void {
  const parity = fairnessFrame('selectionRate', groups);
  const opportunity = fairnessFrame('recall', groups);
  const worst = equalizedOdds(groups);
  const mean = equalizedOdds(groups, { agg: 'mean' });
  for (const [name, frame, suffix] of [
    ['demographic_parity', parity, ''],
    ['equal_opportunity', opportunity, ''],
    ['equalized_odds', worst, '_worst_case'],
    ['equalized_odds', mean, '_mean'],
  ] as const)
    for (const [method, measure] of [
      ['difference_between_groups', frame.difference],
      ['ratio_between_groups', frame.ratio],
      ['difference_to_overall', frame.differenceToOverall],
      ['ratio_to_overall', frame.ratioToOverall],
    ] as const)
      expectNear(
        measure.value ?? Number.NaN,
        expected[`${name}_${method}${suffix}`] as number,
        `${label} ${name} ${method}${suffix} ${measure.undefinedWhy}`,
      );
}

describe('fairness equals fairlearn where every group has a rate', () => {
  const datasets: Readonly<Record<string, { y_true: number[]; y_score: number[] }>> = binary.datasets;

  test('frames by one attribute, weighted and not, and by two', () => {
    for (const { id, input, expected } of vectors.cases) {
      const { y_true, y_score } = datasets[input.dataset.split('#')[1]!]!;
      const decided = y_score.map((s) => Number(s >= input.threshold));
      const { a, b } = input.sensitive;
      expectFrame(groupsOf(y_true, decided, a), expected.frame_a as unknown as Frame, `${id} a`);
      expectFrame(
        groupsOf(y_true, decided, a, input.sample_weight),
        expected.frame_a_weighted as unknown as Frame,
        `${id} weighted`,
      );
      const both = a.map((x, i) => `${x} ${b[i]}`);
      expectFrame(groupsOf(y_true, decided, both), expected.frame_ab as unknown as Frame, `${id} ab`);
      expectScalars(groupsOf(y_true, decided, a), expected.scalars_a, `${id} a`);
      expectScalars(groupsOf(y_true, decided, a, input.sample_weight), expected.scalars_a_weighted, `${id} weighted`);
      expectScalars(groupsOf(y_true, decided, both), expected.scalars_ab, `${id} ab`);
      // A control feature is a frame of its own for each of its values.
      const controlled = expected.frame_a_given_c as unknown as Controlled;
      for (const control of new Set(input.control.c)) {
        const only = <T>(values: readonly T[]) => values.filter((_, i) => input.control.c[i] === control);
        const groups = groupsOf(only(y_true), only(decided), only(a));
        const of = (rows: Controlled['overall']) => rows.find(({ group }) => group.join() === control)!;
        expectFrame(
          groups,
          {
            overall: of(controlled.overall),
            group_min: of(controlled.group_min),
            group_max: of(controlled.group_max),
            difference_between_groups: of(controlled.difference_between_groups),
            ratio_between_groups: of(controlled.ratio_between_groups),
            difference_to_overall: of(controlled.difference_to_overall),
            ratio_to_overall: of(controlled.ratio_to_overall),
            by_group: controlled.by_group.flatMap((rates) =>
              rates.group[0] === control ? [{ ...rates, group: rates.group.slice(1) }] : [],
            ),
          } as unknown as Frame,
          `${id} given ${control}`,
        );
      }
    }
  });

  test('a group without positives is left out by name, where fairlearn gives it a rate of 0', () => {
    const groups = groupsOf([0, 1, 0, 0], [0, 1, 0, 1], ['a', 'a', 'b', 'b']);
    const own = fairnessFrame('recall', groups);
    expect(own.excluded).toEqual([{ group: 'b', why: 'no row is positive' }]);
    expect(own.difference.value).toBe(0);
    expect(fairnessFrame('recall', groups.slice(1)).difference.undefinedWhy).toBe('no group has a value');
    expect(equalizedOdds(groups.slice(1)).difference.value).toBeUndefined();
  });

  test('rates, differences and ratios of counts have intervals; the extremes pay for having been picked', () => {
    const cells = (tp: number, fn: number) => ({ tp, fn, fp: 10, tn: 90 });
    const two = [
      { group: 'a', cells: cells(90, 10) },
      { group: 'b', cells: cells(60, 40) },
    ];
    const own = fairnessFrame('recall', two);
    const wilson = wilsonInterval({ count: 60, n: 100 });
    expect(own.groups[1]!.measure.interval).toEqual(wilson);
    expect(own.difference.interval).toEqual(newcombeDifference({ count: 90, n: 100 }, { count: 60, n: 100 }));
    expect(own.ratio.interval!.lower).toBeLessThan(60 / 90);
    expect(own.ratio.interval!.upper).toBeLessThan(0.8);
    const three = fairnessFrame('recall', [...two, { group: 'c', cells: cells(75, 25) }]);
    expect(three.difference.value).toBe(own.difference.value);
    expect(three.difference.interval!.lower).toBeLessThan(own.difference.interval!.lower);
    // Weights are no counts, and one group has no difference to bound.
    expect(
      fairnessFrame('recall', [{ group: 'a', cells: cells(1.5, 1) }, two[1]!]).difference.interval,
    ).toBeUndefined();
    expect(fairnessFrame('recall', two.slice(1)).difference.interval).toBeUndefined();
  });

  test('calibration by group: the same score means less for one of them', () => {
    const n = 1_000;
    const groups = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 'a' : 'b'));
    const scores = new Float64Array(n).fill(0.45);
    // 45 % of a is positive, 20 % of b.
    const truth = groups.map((group, i) => Number((i >> 1) % 20 < (group === 'a' ? 9 : 4)));
    const own = calibrationByGroup({ truth, scores }, groups);
    const [a, b] = own.groups;
    expectNear(a!.calibration.ece.value!, 0, 'a', { absolute: 1e-9 });
    expectNear(b!.calibration.ece.value!, 0.25, 'b');
    expectNear(b!.calibration.observedToExpected.value!, 0.2 / 0.45, 'b');
    expectNear(own.difference.value!, 0.25, 'difference');
    expect(calibrationByGroup({ truth, scores }, groups, { minSupport: 501 }).difference.undefinedWhy).toContain(
      'two groups',
    );
    expect(calibrationByGroup({ truth: [], scores: new Float64Array(0) }, []).groups).toEqual([]);
  });

  test('small groups are left out by support', () => {
    const groups = groupsOf([1, 1, 1, 0], [1, 0, 1, 0], ['a', 'a', 'b', 'b']);
    expect(fairnessFrame('selectionRate', groups, { minSupport: 3 }).excluded).toEqual([
      { group: 'a', why: 'only 2 rows' },
      { group: 'b', why: 'only 2 rows' },
    ]);
  });

  test('edges: one group, a group never selected, ratios above one', () => {
    for (const { id, input, expected } of vectors.edge_cases) {
      if (id === 'three_classes') continue;
      const groups = groupsOf(input.y_true, input.y_pred, input.sensitive_features);
      const own = fairnessFrame('selectionRate', groups);
      const scalars = expected.scalars as Readonly<Record<string, unknown>>;
      expectNear(
        own.difference.value!,
        scalars['demographic_parity_difference_between_groups'] as number,
        `${id} difference`,
      );
      expectNear(own.ratio.value!, scalars['demographic_parity_ratio_between_groups'] as number, `${id} ratio`);
      expectNear(
        own.ratioToOverall.value!,
        scalars['demographic_parity_ratio_to_overall'] as number,
        `${id} to overall`,
      );
    }
  });
});

type Controlled = Readonly<Record<keyof Frame, readonly Rates[]>>;
