import { invalidInput, type Need, type Verdict } from '@millwright/core';
import { holm, newcombeDifference, normalQuantile, pairedDetectable, pairedRows } from '@millwright/core/statistics';
import { type Metric, metricFor } from './catalogue.js';
import { confusionOf } from './cells.js';
import { fromCells } from './compare.js';
import { type Difference, pAbove, pBelow } from './paired.js';
import type { BoundRule, FairRule, GateRule, NoHarmRule, NonInferiorRule, SuperiorRule } from './policy.js';
import type { EvaluationReport, Group, MetricComparison, SliceGroup } from './report.js';
import { isSlice, showAmount, showChance, showCount, showPlace, showValue } from './sentence.js';
import type { RuleResult, RuleTest } from './verdict.js';

/** What every gate checks before its rules: that there are rows, and that both models answered all of them. */
export function judgeRows({ rows, minSupport, champion, challenger }: EvaluationReport): RuleResult {
  const { given, considered, withoutTruth, championInvalid, challengerInvalid, unmatched } = rows;
  const result = (verdict: Verdict, sentence: string, need?: Need): RuleResult => ({
    rule: { rule: 'rows' },
    verdict,
    sentence,
    ...(need === undefined ? {} : { need }),
    tests: [],
    notes: withoutTruth > 0 ? [`${showCount(withoutTruth)} rows have no truth and do not count.`] : [],
  });
  if (unmatched > 0)
    return result(
      'insufficient',
      `${showCount(unmatched)} rows could not be matched between truth, ${champion} and ${challenger}.`,
      {
        what: 'answers of both models for the same rows',
      },
    );
  if (challengerInvalid > 0)
    return result(
      'fail',
      `${challenger} gave no valid answer for ${showCount(challengerInvalid)} of ${showCount(given - withoutTruth)} rows.`,
    );
  if (championInvalid > 0)
    return result(
      'insufficient',
      `${champion} gave no valid answer for ${showCount(championInvalid)} rows, so the comparison is not of the same rows.`,
      {
        what: 'valid answers of the champion',
      },
    );
  if (considered < minSupport)
    return result(
      'insufficient',
      `There are ${showCount(considered)} rows to judge by, fewer than the ${showCount(minSupport)} that are needed.`,
      {
        rows: minSupport - considered,
      },
    );
  return result('pass', `Both models answered all ${showCount(considered)} rows.`);
}

/** Superiority and non-inferiority over all rows. */
export function judgeOverall(
  report: EvaluationReport,
  rule: SuperiorRule | NonInferiorRule,
  alpha: number,
): RuleResult {
  const found = lookUp(report, report.overall, rule.metric ?? report.primary);
  const { metric, challenger, champion, difference } = found;
  if (challenger.value === undefined || champion.value === undefined || difference === undefined)
    return undecided(rule, report.overall, metric, found.why);
  const level = rule.alpha ?? alpha;
  const margin = rule.rule === 'superior' ? (rule.margin ?? 0) : -rule.margin;
  const sign = metric.better === 'higher' ? 1 : -1;
  const benefit = sign * difference.value;
  const better = pAbove(difference, margin, sign);
  const worse = pBelow(difference, margin, sign);
  const harmed = rule.rule === 'superior' ? pBelow(difference, 0, sign) <= level : worse <= level;
  const verdict: Verdict = better <= level ? 'pass' : harmed ? 'fail' : 'insufficient';
  const seen = `On ${showCount(difference.n)} rows the ${metric.label} of ${report.challenger} is ${showValue(metric, challenger.value)}, of ${report.champion} ${showValue(metric, champion.value)}`;
  const sure = `95 % sure that the change is between ${signed(metric, sign * (sign === 1 ? difference.lower : difference.upper))} and ${signed(metric, sign * (sign === 1 ? difference.upper : difference.lower))}`;
  const missing = verdict === 'insufficient' ? rowsMissing(difference, benefit - margin, level) : undefined;
  return {
    rule,
    verdict,
    sentence: `${seen}: ${conclusion(rule, metric, benefit, verdict, worse)} (${sure}).${missing?.rows === undefined ? '' : ` About ${showCount(missing.rows)} more rows would decide it.`}`,
    ...(missing === undefined ? {} : { need: missing }),
    tests: [{ place: 'overall', n: difference.n, verdict, benefit, pValue: better }],
    notes: [],
  };
}

/** No provable harm in any slice; one Holm family over all tests of all these rules. */
export function judgeHarm(report: EvaluationReport, rules: readonly NoHarmRule[], alpha: number): RuleResult[] {
  const plans = rules.map((rule) => planHarm(report, rule));
  const family = plans.flatMap(({ tests }) => tests);
  const adjusted = holm(family.map(({ pValue }) => pValue));
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
    return { ...base, sentence: harmSentence(report, metric, harmed[0]!, familySize) + others };
  }
  if (verdict === 'insufficient') {
    const sentence =
      gaps[0] ??
      (nothing
        ? 'No slice has enough rows to look for harm.'
        : `The rows could hide harm: ${blind.slice(0, 3).join('; ')}.`);
    return { ...base, sentence, need: rows === undefined ? { what: 'rows in every slice that is named' } : { rows } };
  }
  const where = tests.length === 1 && !isSlice(tests[0]!.group) ? 'overall' : `in any of ${tests.length} slices`;
  return { ...base, sentence: `${report.challenger} is not provably worse ${where} by ${metric.label}.` };
}

function harmSentence(
  report: EvaluationReport,
  metric: Metric,
  { group, found, difference, adjusted }: HarmTest & { readonly adjusted: number },
  family: number,
): string {
  const [b, a] = [found.challenger.value!, found.champion.value!];
  return (
    `${isSlice(group) ? `In ${showPlace(group)}` : 'Overall'} (${showCount(difference.n)} rows) the ${metric.label} of ${report.challenger} is ${showValue(metric, b)} against ${showValue(metric, a)} of ${report.champion}, ` +
    `worse by ${showAmount(metric, b - a)}. Chance alone would show this ${showChance(adjusted)}${family > 1 ? `, counting all ${family} places that were looked at` : ''}.`
  );
}

/** The challenger's own value against a bound, by its 95 % interval. */
export function judgeBound(report: EvaluationReport, rule: BoundRule): RuleResult {
  const metric = metricFor(report.task, rule.metric);
  const { groups, gaps } =
    rule.slices === undefined ? { groups: [report.overall], gaps: [] } : select(report, rule.slices);
  const sign = rule.rule === 'atLeast' ? 1 : -1;
  const word = rule.rule === 'atLeast' ? 'at least' : 'at most';
  const tests: RuleTest[] = [];
  const lines: string[] = [];
  for (const group of groups) {
    const { challenger, why } = lookUp(report, group, rule.metric);
    if (challenger.value === undefined) {
      gaps.push(`In ${showPlace(group)} the ${metric.label} is undefined: ${why}.`);
      continue;
    }
    const { lower, upper } = challenger.interval ?? { lower: challenger.value, upper: challenger.value };
    const [worst, best] = sign === 1 ? [lower, upper] : [upper, lower];
    const verdict: Verdict =
      sign * (worst - rule.value) >= 0 ? 'pass' : sign * (best - rule.value) < 0 ? 'fail' : 'insufficient';
    tests.push({ place: showPlace(group), n: challenger.n, verdict, benefit: sign * (challenger.value - rule.value) });
    lines.push(
      `${isSlice(group) ? `In ${showPlace(group)} the` : 'The'} ${metric.label} of ${report.challenger} is ${showValue(metric, challenger.value)} (95 % between ${showValue(metric, lower)} and ${showValue(metric, upper)}); ${word} ${showValue(metric, rule.value)} is asked for.`,
    );
  }
  const deciding = ['fail', 'insufficient', 'pass']
    .map((v) => tests.findIndex((t) => t.verdict === v))
    .find((i) => i >= 0);
  const worst = deciding === undefined ? undefined : tests[deciding]!.verdict;
  const verdict: Verdict = worst === 'fail' ? 'fail' : gaps.length > 0 || worst === undefined ? 'insufficient' : worst;
  return {
    rule,
    verdict,
    sentence:
      (verdict === 'insufficient' && gaps[0]) ||
      (deciding === undefined ? 'There was nothing to look at.' : lines[deciding]!),
    ...(verdict === 'insufficient' ? { need: { what: 'more rows for a narrower interval' } } : {}),
    tests,
    notes: gaps,
  };
}

/** The challenger's rate by group: the largest difference, or the smallest ratio, with its interval. */
export function judgeFair(report: EvaluationReport, rule: FairRule, alpha: number): RuleResult {
  if (report.task !== 'binary')
    throw invalidInput('policy.rules', 'fairness rules for a binary task only', report.task);
  if (rule.maxDifference === undefined && rule.minRatio === undefined)
    throw invalidInput('policy.rules', 'a fair rule with `maxDifference` or `minRatio`', 'neither');
  const metric = metricFor(report.task, rule.metric ?? 'recall');
  if (metric.kind !== 'cells') throw invalidInput('policy.rules', 'a rate for a fair rule', metric.name);
  const minSupport = rule.minSupport ?? report.minSupport;
  const notes: string[] = [];
  const rates: { place: string; count: number; n: number; value: number }[] = [];
  for (const group of report.slices) {
    if (group.slice !== rule.slice || group.cells === undefined) continue;
    const measure = metric.of(confusionOf(group.cells, 'challenger'));
    if (measure.value === undefined) notes.push(`${group.value} is left out: ${measure.undefinedWhy}.`);
    else if (measure.n < minSupport) notes.push(`${group.value} is left out: only ${showCount(measure.n)} rows.`);
    else
      rates.push({
        place: group.value,
        count: Math.round(measure.value * measure.n),
        n: measure.n,
        value: measure.value,
      });
  }
  rates.sort((a, b) => a.value - b.value);
  const low = rates[0];
  const high = rates.at(-1);
  if (low === undefined || high === undefined || low === high)
    return {
      rule,
      verdict: 'insufficient',
      sentence: `Fewer than two groups of ${rule.slice} have enough rows for the ${metric.label}.`,
      need: { what: `rows in two groups of ${rule.slice}` },
      tests: [],
      notes,
    };
  const verdicts: Verdict[] = [];
  if (rule.maxDifference !== undefined) {
    const { lower, upper } = newcombeDifference(high, low, 1 - alpha);
    verdicts.push(upper <= rule.maxDifference ? 'pass' : lower > rule.maxDifference ? 'fail' : 'insufficient');
  }
  if (rule.minRatio !== undefined) {
    const ratio = low.value / high.value;
    const spread = Math.sqrt((1 - low.value) / Math.max(0.5, low.count) + (1 - high.value) / Math.max(0.5, high.count));
    const z = normalQuantile(1 - alpha / 2);
    const least = ratio * Math.exp(-z * spread);
    const most = low.count === 0 ? ratio : ratio * Math.exp(z * spread);
    verdicts.push(
      high.value === 0
        ? 'insufficient'
        : least >= rule.minRatio
          ? 'pass'
          : most < rule.minRatio
            ? 'fail'
            : 'insufficient',
    );
  }
  const verdict: Verdict = verdicts.includes('fail')
    ? 'fail'
    : verdicts.includes('insufficient')
      ? 'insufficient'
      : 'pass';
  const allowed = [
    ...(rule.maxDifference === undefined ? [] : [`at most ${showAmount(metric, rule.maxDifference)} apart`]),
    ...(rule.minRatio === undefined ? [] : [`a ratio of at least ${rule.minRatio}`]),
  ].join(' and ');
  return {
    rule,
    verdict,
    sentence: `By ${rule.slice}, the ${metric.label} of ${report.challenger} goes from ${showValue(metric, low.value)} (${low.place}) to ${showValue(metric, high.value)} (${high.place}), a ratio of ${high.value === 0 ? 'nothing' : (low.value / high.value).toFixed(2)}; ${allowed} is asked for${verdict === 'insufficient' ? ', and the rows do not settle it' : ''}.`,
    ...(verdict === 'insufficient' ? { need: { what: `more rows in ${low.place} and ${high.place}` } } : {}),
    tests: rates.map(({ place, n, value }) => ({ place: `${rule.slice} = ${place}`, n, verdict, benefit: value })),
    notes,
  };
}

interface Found extends Pick<MetricComparison, 'champion' | 'challenger' | 'difference'> {
  readonly metric: Metric;
  readonly why: string;
}

/** A metric of a group: as reported, or from its cells. */
function lookUp(report: EvaluationReport, group: Group, name: string): Found {
  const metric = metricFor(report.task, name);
  const reported = group.metrics.find((m) => m.metric === metric.name);
  const found =
    reported ?? (metric.kind === 'cells' && group.cells !== undefined ? fromCells(metric, group.cells) : undefined);
  const missing = {
    n: group.n,
    undefinedWhy: `the report does not hold \`${metric.name}\`${isSlice(group) ? ' by slice' : ''}`,
  };
  const { champion, challenger, difference } = found ?? {
    champion: missing,
    challenger: missing,
    difference: undefined,
  };
  const why =
    challenger.undefinedWhy ??
    champion.undefinedWhy ??
    (difference === undefined ? 'no test of its difference exists' : '');
  return { metric, champion, challenger, why, ...(difference === undefined ? {} : { difference }) };
}

/** The groups that a list of slice names or values asks for; everything without a list, or all rows when there is no slice. */
function select(
  report: EvaluationReport,
  names: readonly string[] | undefined,
): { groups: readonly Group[]; gaps: string[] } {
  if (names === undefined) return { groups: report.slices.length > 0 ? report.slices : [report.overall], gaps: [] };
  const gaps: string[] = [];
  const groups = names.flatMap((name) => {
    if (name === 'overall') return [report.overall];
    const chosen = report.slices.filter((g) => g.slice === name || `${g.slice}=${g.value}` === name);
    if (chosen.length === 0) gaps.push(`The report has no slice ${name}.`);
    return chosen;
  });
  return { groups: [...new Set(groups)], gaps };
}

function undecided(rule: GateRule, group: Group, metric: Metric, why: string): RuleResult {
  return {
    rule,
    verdict: 'insufficient',
    sentence: `The ${metric.label} cannot be compared ${showPlace(group)}: ${why}.`,
    need: { what: why },
    tests: [{ place: showPlace(group), n: group.n, verdict: 'insufficient', undefinedWhy: why }],
    notes: [],
  };
}

function conclusion(
  rule: SuperiorRule | NonInferiorRule,
  metric: Metric,
  benefit: number,
  verdict: Verdict,
  worse: number,
): string {
  const size = showAmount(metric, benefit);
  const better = benefit > 0 ? `better by ${size}` : benefit < 0 ? `worse by ${size}` : 'the same';
  if (rule.rule === 'superior') {
    if (verdict === 'pass') return `${better}, more than chance explains`;
    return verdict === 'fail'
      ? `${better}, and chance would show that ${showChance(worse)}`
      : `${better}, which chance alone could show`;
  }
  const margin = showAmount(metric, rule.margin);
  if (verdict === 'pass') return `${better}; a loss of ${margin} is ruled out`;
  return verdict === 'fail'
    ? `${better}, more than the ${margin} that are allowed`
    : `${better}; a loss of ${margin} is not ruled out`;
}

function signed(metric: Metric, value: number): string {
  return `${value < 0 ? '−' : '+'}${showAmount(metric, value)}`;
}

function discordanceOf(report: EvaluationReport, { onlyChampion, onlyChallenger, n }: Difference): number {
  const overall = report.overall.metrics.find((m) => m.difference?.method === 'paired-rates@1')?.difference;
  const rate = (d: Pick<Difference, 'onlyChampion' | 'onlyChallenger' | 'n'>) =>
    ((d.onlyChampion ?? 0) + (d.onlyChallenger ?? 0)) / d.n;
  return Math.max(
    rate({
      n,
      ...(onlyChampion === undefined ? {} : { onlyChampion }),
      ...(onlyChallenger === undefined ? {} : { onlyChallenger }),
    }),
    overall === undefined ? 0 : rate(overall),
    1 / n,
  );
}

/** The smallest harm that these rows show with 80 % power at one-sided `alpha`. */
function detectableHarm(report: EvaluationReport, difference: Difference, alpha: number): number {
  if (difference.method === 'paired-rates@1')
    return pairedDetectable(difference.n, { discordance: discordanceOf(report, difference), alpha });
  return (normalQuantile(1 - alpha) + Z_POWER) * difference.standardError;
}

/** Rows that show `harm` with 80 % power at one-sided `alpha`. */
function rowsFor(report: EvaluationReport, difference: Difference, harm: number, alpha: number): number {
  if (!(harm > 0)) return Number.POSITIVE_INFINITY;
  if (difference.method === 'paired-rates@1')
    return pairedRows(harm, { discordance: discordanceOf(report, difference), alpha });
  return difference.n * (detectableHarm(report, difference, alpha) / harm) ** 2;
}

/** Rows still missing, if the benefit beyond the margin is as it seems. */
function rowsMissing(difference: Difference, distance: number, alpha: number): Need {
  if (!(distance > 0)) return { what: 'a challenger that is ahead: on these rows it is not' };
  const spread = difference.standardError * Math.sqrt(difference.n);
  const wanted =
    difference.method === 'paired-rates@1'
      ? pairedRows(distance, {
          discordance: ((difference.onlyChampion ?? 0) + (difference.onlyChallenger ?? 0)) / difference.n,
          alpha,
        })
      : (((normalQuantile(1 - alpha) + Z_POWER) * spread) / distance) ** 2;
  return { rows: Math.max(1, Math.ceil(wanted - difference.n)) };
}

const Z_POWER = normalQuantile(0.8);
