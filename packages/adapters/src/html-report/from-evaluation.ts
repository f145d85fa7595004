import type { Verdict } from '@millwright/core';
import {
  type Difference,
  type EvaluationReport,
  type GateVerdict,
  metricFor,
  type RuleResult,
} from '@millwright/registry/evaluation';
import type { Estimate, EvaluationSection, MetricRow, SliceForest } from './model.js';

/** How much of an evaluation is shown. */
export interface EvaluationSectionOptions {
  /** Slices with the largest losses that are shown. Default 40. */
  readonly maxSlices?: number | undefined;
}

/**
 * The section of a comparison and its verdict: the verdict's sentence, every rule with its own, both models' metrics, and
 * the differences slice by slice on the metric that the rules protect, the largest losses first.
 *
 * @example
 * renderReport({ title: 'Release 4', evaluations: [evaluationOf(report, gate(report))] });
 */
export function evaluationOf(
  report: EvaluationReport,
  verdict?: GateVerdict,
  options: EvaluationSectionOptions = {},
): EvaluationSection {
  const { champion, challenger, rows, overall, task } = report;
  return {
    sentence: verdict?.sentence ?? `${challenger} against ${champion} on ${rows.considered} rows.`,
    champion,
    challenger,
    ...(verdict === undefined
      ? {}
      : {
          decision: verdict.decision,
          rules: verdict.rules.map(({ verdict: outcome, sentence, notes }) => ({ verdict: outcome, sentence, notes })),
        }),
    metrics: overall.metrics.map((found): MetricRow => {
      const { label, unit } = metricFor(task, found.metric);
      return {
        name: label,
        champion: found.champion.value,
        challenger: found.challenger.value,
        difference: found.difference && estimateOf(found.difference),
        verdict: outcomeOf(report, verdict?.rules ?? [], found.metric),
        format: unit,
      };
    }),
    ...(report.slices.length === 0 ? {} : { slices: forestOf(report, verdict, options.maxSlices ?? 40) }),
  };
}

/** The slices by the metric that a `noHarm` rule is about, else by the primary metric. */
function forestOf(report: EvaluationReport, verdict: GateVerdict | undefined, most: number): SliceForest {
  const judged = verdict?.rules.find(({ rule }) => rule.rule === 'noHarm');
  const rule = judged?.rule.rule === 'noHarm' ? judged.rule : undefined;
  const { name, label, unit, better } = metricFor(report.task, rule?.metric ?? report.primary);
  const sign = better === 'higher' ? 1 : -1;
  const slices = report.slices.flatMap(({ slice, value, n, metrics }) => {
    const found = metrics.find(({ metric }) => metric === name)?.difference;
    if (found === undefined) return [];
    const place = `${slice} = ${value}`;
    const outcome = judged?.tests.find((test) => test.place === place)?.verdict;
    return [{ name: `${slice}: ${value}`, rows: n, difference: estimateOf(found), verdict: outcome }];
  });
  slices.sort((a, b) => sign * (a.difference.value - b.difference.value));
  const left = slices.length - most;
  const names = [...new Set(report.slices.map(({ slice }) => slice))].join(', ');
  return {
    caption: `By ${names}: ${label}, challenger minus champion${left > 0 ? `; ${left} slices with smaller losses are not shown` : ''}`,
    format: unit === 'share' ? 'points' : 'number',
    better,
    ...(rule?.margin === undefined ? {} : { margin: -sign * rule.margin }),
    rows: slices.slice(0, most),
  };
}

/** What the rules about a metric of all rows came to: the worst of them. */
function outcomeOf(report: EvaluationReport, rules: readonly RuleResult[], metric: string): Verdict | undefined {
  const outcomes = rules.flatMap(({ rule, verdict, tests }) => {
    if (rule.rule !== 'superior' && rule.rule !== 'nonInferior' && rule.rule !== 'atLeast' && rule.rule !== 'atMost')
      return [];
    if (metricFor(report.task, rule.metric ?? report.primary).name !== metric) return [];
    return [tests.length === 0 ? verdict : tests.find(({ place }) => place === 'overall')?.verdict];
  });
  return (['fail', 'insufficient', 'pass'] as const).find((outcome) => outcomes.includes(outcome));
}

function estimateOf({ value, lower, upper }: Difference): Estimate & { readonly value: number } {
  return { value, low: lower, high: upper };
}
