import { describe, expect, test } from 'vitest';
import {
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

interface Frame {
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
    const near = (value: number | undefined, wanted: number | string | undefined, what: string) => {
      if (typeof wanted === 'number') expectNear(value ?? Number.NaN, wanted, `${label} ${name} ${what}`);
    };
    near(own.overall.value, expected.overall[name], 'overall');
    near(own.min.value, expected.group_min[name], 'min');
    near(own.max.value, expected.group_max[name], 'max');
    near(own.difference.value, expected.difference_between_groups[name], 'difference');
    near(own.ratio.value, expected.ratio_between_groups[name], 'ratio');
    near(own.differenceToOverall.value, expected.difference_to_overall[name], 'difference to overall');
    near(own.ratioToOverall.value, expected.ratio_to_overall[name], 'ratio to overall');
  }
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
      const odds = equalizedOdds(groupsOf(y_true, decided, a));
      const scalars = expected.scalars_a as Readonly<Record<string, number>>;
      expectNear(odds.difference.value!, scalars['equalized_odds_difference_between_groups_worst_case']!, `${id} odds`);
      expectNear(odds.ratio.value!, scalars['equalized_odds_ratio_between_groups_worst_case']!, `${id} odds ratio`);
      const mean = equalizedOdds(groupsOf(y_true, decided, a), { agg: 'mean' });
      expectNear(mean.difference.value!, scalars['equalized_odds_difference_between_groups_mean']!, `${id} odds mean`);
      const both = fairnessFrame(
        'selectionRate',
        groupsOf(
          y_true,
          decided,
          a.map((x, i) => `${x} ${b[i]}`),
        ),
      );
      expectNear(
        both.difference.value!,
        (expected.frame_ab as unknown as Frame).difference_between_groups['selection_rate']!,
        `${id} ab`,
      );
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
