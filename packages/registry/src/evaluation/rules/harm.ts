import type { Verdict } from '@millwright/core';
import { benjaminiHochberg, holm } from '@millwright/core/statistics';
import { type Difference, pBelow } from '../compare/paired.js';
import type { EvaluationReport, Group, SliceGroup } from '../compare/report.js';
import type { NoHarmRule } from '../gate/policy.js';
import type { RuleResult, RuleTest } from '../gate/verdict.js';
import { type Metric, metricFor } from '../metrics/catalogue.js';
import { isSlice, showAmount, showChance, showCount, showPlace, showValue } from '../report/sentence.js';
import { type Found, lookUp, select } from './look-up.js';
import { detectableHarm, rowsFor } from './power.js';

/** No provable harm in any slice; one family over all tests of all these rules, corrected by Holm or Benjamini and Hochberg. */
export function judgeHarm(
  report: EvaluationReport,
  rules: readonly NoHarmRule[],
  alpha: number,
  correction?: 'benjaminiHochberg',
): RuleResult[] {
  const plans = rules.map((rule) => planHarm(report, rule));
  const family = plans.flatMap(({ tests }) => tests);
  const adjust = correction === undefined ? holm : benjaminiHochberg;
  const adjusted = adjust(family.map(({ pValue }) => pValue));
  let at = 0;
  return plans.map((plan) => {
    const own = plan.tests.map((test) => ({ ...test, adjusted: adjusted[at++]! }));
    return concludeHarm(report, plan, own, plan.rule.alpha ?? alpha, family.length);
  });
}

interface HarmTest {
  readonly group: Group;
  readonly found: Found;
  readonly difference: Difference;
  readonly pValue: number;
}

interface HarmPlan {
  readonly rule: NoHarmRule;
  readonly metric: Metric;
  readonly tests: readonly HarmTest[];
  readonly gaps: readonly string[];
  readonly small: readonly SliceGroup[];
}

function planHarm(report: EvaluationReport, rule: NoHarmRule): HarmPlan {
  const metric = metricFor(report.task, rule.metric ?? report.primary);
  const sign = metric.better === 'higher' ? 1 : -1;
  const minSupport = rule.minSupport ?? report.minSupport;
  const { groups, gaps } = select(report, rule.slices);
  const tests: HarmTest[] = [];
  const small: SliceGroup[] = [];
  for (const group of groups) {
    if (isSlice(group) && group.n < minSupport) {
      if (group.n === 0) gaps.push(`There is no row in ${showPlace(group)}.`);
      else if (rule.slices !== undefined)
        gaps.push(
          `${showPlace(group)} has ${showCount(group.n)} rows, fewer than the ${showCount(minSupport)} that are needed.`,
        );
      else small.push(group);
      continue;
    }
    const found = lookUp(report, group, metric.name);
    if (found.difference === undefined)
      gaps.push(`In ${showPlace(group)} the ${metric.label} is undefined: ${found.why}.`);
    else
      tests.push({
        group,
        found,
        difference: found.difference,
        pValue: pBelow(found.difference, -(rule.margin ?? 0), sign),
      });
  }
  return { rule, metric, tests, gaps, small };
}

function concludeHarm(
  report: EvaluationReport,
  { rule, metric, gaps, small }: HarmPlan,
  tests: readonly (HarmTest & { readonly adjusted: number })[],
  alpha: number,
  familySize: number,
): RuleResult {
  const sign = metric.better === 'higher' ? 1 : -1;
  const strictest = alpha / Math.max(1, familySize);
  const blind: string[] = [];
  let rows: number | undefined;
  const judged = tests.map(({ group, difference, pValue, adjusted }): RuleTest => {
    const detectable = detectableHarm(report, difference, strictest) + (rule.margin ?? 0);
    const harmful = adjusted <= alpha;
    const tooBlind = !harmful && rule.mustDetect !== undefined && detectable > rule.mustDetect;
    if (tooBlind) {
      const wanted = rowsFor(report, difference, rule.mustDetect - (rule.margin ?? 0), strictest);
      if (Number.isFinite(wanted)) rows = Math.max(rows ?? 0, Math.ceil(wanted - difference.n));
      blind.push(`${showPlace(group)} would only show a harm of ${showAmount(metric, detectable)} or more`);
    }
    return {
      place: showPlace(group),
      n: difference.n,
      verdict: harmful ? 'fail' : tooBlind ? 'insufficient' : 'pass',
      benefit: sign * difference.value,
      pValue,
      adjustedP: adjusted,
      detectable,
    };
  });
  const harmed = tests.filter((_, i) => judged[i]!.verdict === 'fail').sort((a, b) => a.adjusted - b.adjusted);
  const nothing = tests.length === 0 && gaps.length === 0;
  const verdict: Verdict =
    harmed.length > 0 ? 'fail' : gaps.length > 0 || blind.length > 0 || nothing ? 'insufficient' : 'pass';
  const notes = [...gaps];
  if (small.length > 0)
    notes.push(
      `Not judged, too few rows: ${small
        .slice(0, 5)
        .map((g) => `${showPlace(g)} (${showCount(g.n)})`)
        .join(', ')}${small.length > 5 ? ` and ${small.length - 5} more` : ''}.`,
    );
  const found = rule.slices === undefined ? report.slices.filter((group) => group.found) : [];
  if (found.length > 0) notes.push(`Not judged, found by searching these rows: ${found.map(showPlace).join(', ')}.`);
  const widest = Math.max(0, ...judged.map(({ detectable }) => detectable ?? 0));
  if (judged.length > 0)
    notes.push(`The least visible slice would show a harm of ${showAmount(metric, widest)} in 4 of 5 cases.`);
  const base = { rule, verdict, tests: judged, notes };
  if (harmed.length > 0) {
    const others =
      harmed.length > 1
        ? ` So it is in ${harmed.length - 1} more: ${harmed
            .slice(1, 4)
            .map(({ group }) => showPlace(group))
            .join(', ')}.`
        : '';
    return { ...base, sentence: harmSentence(report, rule, metric, harmed[0]!, familySize) + others };
  }
  if (verdict === 'insufficient') {
    const sentence =
      gaps[0] ??
      (nothing
        ? 'No slice has enough rows to look for harm.'
        : `The rows could hide harm: ${blind.slice(0, 3).join('; ')}.`);
    return { ...base, sentence, need: rows === undefined ? { what: 'rows in every slice that is named' } : { rows } };
  }
  const sliced = tests.filter(({ group }) => isSlice(group)).length;
  const where = sliced === 0 ? 'Overall' : `In ${sliced === 1 ? 'the one slice' : `all of ${sliced} slices`}`;
  const allowed =
    rule.margin === undefined ? '' : ` by more than the ${showAmount(metric, rule.margin)} that are allowed`;
  return {
    ...base,
    sentence: `${where}, the ${metric.label} of ${report.challenger} is not provably worse${allowed}.`,
  };
}

function harmSentence(
  report: EvaluationReport,
  rule: NoHarmRule,
  metric: Metric,
  { group, found, difference, adjusted }: HarmTest & { readonly adjusted: number },
  family: number,
): string {
  const [b, a] = [found.challenger.value!, found.champion.value!];
  return (
    `${isSlice(group) ? `In ${showPlace(group)}` : 'Overall'} (${showCount(difference.n)} rows) the ${metric.label} of ${report.challenger} is ${showValue(metric, b)} against ${showValue(metric, a)} of ${report.champion}, ` +
    `worse by ${showAmount(metric, b - a)}${rule.margin === undefined ? '' : `, where ${showAmount(metric, rule.margin)} are allowed`}. Chance alone would show this ${showChance(adjusted)}${family > 1 ? `, counting all ${family} places that were looked at` : ''}.`
  );
}
