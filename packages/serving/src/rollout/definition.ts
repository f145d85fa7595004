import { type Digest, defined, digestJson, MillwrightError } from '@millwright/core';
import type { Override } from '../routing/index.js';
import type { AdaptSpec, MetricSpec, RolloutSpec, StageSpec } from './spec.js';
import { problemIn } from './spec-schema.js';
import { parseDuration, parseShare, type ShareText } from './units.js';

/** A metric with every default filled in; times in milliseconds. */
export interface RolloutMetric {
  readonly id: string;
  readonly kind: 'event' | 'latency' | 'label' | 'value';
  readonly better: 'lower' | 'higher';
  readonly margin: { readonly kind: 'relative' | 'absolute'; readonly size: number };
  readonly windowMs: number;
  readonly role: 'guardrail' | 'promotion' | 'both';
  readonly rollBackWhen: 'worse' | 'beyondMargin';
  /** Part of the rollback budget; the guardrails' sum to 1, others have 0. */
  readonly weight: number;
  readonly measure: 'value' | 'wrong' | 'missed' | 'falseAlarm' | 'squaredError';
  /** 0 or 1 per row: judged from counts alone. */
  readonly binary: boolean;
  /** 1 for binary metrics. */
  readonly cap: number;
  /** 0 except for `latency`. */
  readonly sloMs: number;
  readonly quantile?: number | undefined;
}

/** An `AdaptSpec` with every default filled in. */
export interface Adaptation {
  readonly metric: string;
  readonly everyMs: number;
  readonly floor: number;
  readonly maxStep: number;
}

/** A stage with every default filled in; times in milliseconds. */
export interface RolloutStage {
  readonly share: number;
  readonly adapt?: Adaptation | undefined;
  readonly minDwellMs: number;
  readonly minUnits: number;
  readonly minMatured: number;
}

/** A rollout with every default filled in: plain JSON, printable, and the same digest for the same content. */
export interface RolloutDefinition {
  readonly model: string;
  /** `name@version` */
  readonly challenger: string;
  readonly alias: string;
  readonly mode: 'canary' | 'blueGreen';
  readonly stages: readonly RolloutStage[];
  readonly metrics: readonly RolloutMetric[];
  readonly alpha: { readonly rollback: number; readonly promotion: number; readonly balance: number };
  readonly minEvents: number;
  readonly maxDurationMs: number;
  readonly bakeMs: number;
  readonly graceMs: number;
  readonly approvals: number;
  readonly rows: 'epoch' | 'unit' | 'request';
  readonly hardTtlMs: number;
  readonly harmBegins?: 'anytime' | undefined;
  readonly breakers?: { readonly failures: number; readonly of: number; readonly quorum: number } | undefined;
  readonly overrides?: readonly Override[] | undefined;
  readonly digest: Digest;
}

/** Fills in the defaults and checks the spec. @throws `rollout/invalid` naming the path */
export function defineRollout(spec: RolloutSpec): RolloutDefinition {
  const problem = problemIn(spec);
  if (problem !== undefined) throw invalid(problem.path, problem.reason);
  const challenger = typeof spec.challenger === 'string' ? spec.challenger : spec.challenger.id;
  const at = challenger.lastIndexOf('@');
  if (at <= 0) throw invalid('challenger', `expected \`name@version\`, got \`${challenger}\``);
  const metrics = resolveMetrics(spec.metrics);
  for (const [i, { units, where = {} }] of (spec.overrides ?? []).entries())
    if (units === undefined && Object.keys(where).length === 0)
      throw invalid(`overrides.${i}`, 'units or attributes to match are missing');
  const approvals = spec.approvals ?? 0;
  if (approvals === 0 && spec.mode !== 'blueGreen' && metrics.every(({ role }) => role === 'guardrail'))
    throw invalid(
      'metrics',
      'without a metric that must be proved, a person has to approve: set `approvals` to 1 or more',
    );
  const definition = {
    model: challenger.slice(0, at),
    challenger,
    alias: spec.alias ?? 'champion',
    mode: spec.mode ?? 'canary',
    stages: resolveStages(spec),
    metrics,
    alpha: {
      rollback: spec.alpha?.rollback ?? 0.02,
      promotion: spec.alpha?.promotion ?? 0.05,
      balance: spec.alpha?.balance ?? 0.01,
    },
    minEvents: spec.minEvents ?? 5,
    maxDurationMs: parseDuration(spec.maxDuration ?? '14d', 'maxDuration'),
    bakeMs: parseDuration(spec.bake ?? '24h', 'bake'),
    graceMs: parseDuration(spec.grace ?? 0, 'grace'),
    approvals,
    rows: spec.rows ?? 'epoch',
    hardTtlMs: parseDuration(spec.hardTtl ?? '5m', 'hardTtl'),
    ...(spec.harmBegins === 'anytime' && { harmBegins: spec.harmBegins }),
    ...(spec.breakers && { breakers: { failures: 0.5, of: 20, quorum: 0.5, ...defined(spec.breakers) } }),
    ...(spec.overrides && { overrides: spec.overrides }),
  } as const;
  return { ...definition, digest: digestJson(definition) };
}

const DEFAULTS = { stages: [0.01, 0.05, 0.25, 0.5], minDwell: '15m', minUnits: 100, minMatured: 100 } as const;

/** The stages at which arms are compared; 100 % is the promotion. Blue-green has one, at which the challenger is only warm. */
function resolveStages(spec: RolloutSpec): readonly RolloutStage[] {
  if (spec.mode === 'blueGreen') return [resolveStage({ share: 0, minUnits: 0, minMatured: 0 }, spec, 'stages')];
  const all = (spec.stages ?? DEFAULTS.stages).map((stage, index) => resolveStage(stage, spec, `stages.${index}`));
  const stages = all.filter(({ share }) => share < 1);
  if (stages.length === 0) throw invalid('stages', 'at least one stage below 100 % is needed to compare the arms');
  stages.forEach(({ share }, i) => {
    if (share <= (stages[i - 1]?.share ?? 0))
      throw invalid(`stages.${i}`, 'shares grow from stage to stage, from above 0');
  });
  return stages;
}

function resolveStage(stage: ShareText | StageSpec, spec: RolloutSpec, path: string): RolloutStage {
  const own: StageSpec = typeof stage === 'object' ? stage : { share: stage };
  const most = parseShare(own.share, `${path}.share`);
  const minDwellMs = parseDuration(own.minDwell ?? spec.minDwell ?? DEFAULTS.minDwell, `${path}.minDwell`);
  return {
    share: most,
    ...(own.adapt && { adapt: resolveAdaptation(own.adapt, spec, { most, minDwellMs }, `${path}.adapt`) }),
    minDwellMs,
    minUnits: own.minUnits ?? spec.minUnits ?? DEFAULTS.minUnits,
    minMatured: own.minMatured ?? spec.minMatured ?? DEFAULTS.minMatured,
  };
}

function resolveAdaptation(
  adapt: AdaptSpec,
  { metrics }: RolloutSpec,
  { most, minDwellMs }: { readonly most: number; readonly minDwellMs: number },
  path: string,
): Adaptation {
  const metric = metrics.find(({ id }) => id === adapt.metric);
  if (
    metric === undefined ||
    metric.kind === 'value' ||
    metric.measure === 'squaredError' ||
    metric.quantile !== undefined
  )
    throw invalid(`${path}.metric`, `expected the id of an event, a label or a latency limit, got \`${adapt.metric}\``);
  const everyMs = parseDuration(adapt.every ?? '1h', `${path}.every`);
  if (everyMs < minDwellMs)
    throw invalid(`${path}.every`, 'a share lasts at least `minDwell`, or the stage never ends');
  const floor = parseShare(adapt.floor ?? 0.05, `${path}.floor`);
  if (!(floor > 0 && floor <= most && floor <= 0.5))
    throw invalid(`${path}.floor`, 'above 0, at most the share and a half');
  return { metric: adapt.metric, everyMs, floor, maxStep: adapt.maxStep ?? 0.1 };
}

function resolveMetrics(specs: readonly MetricSpec[]): readonly RolloutMetric[] {
  const total = specs.reduce((sum, { role, weight }) => (role === 'promotion' ? sum : sum + (weight ?? 1)), 0);
  const seen = new Set<string>();
  return specs.map((spec, index) => {
    const path = `metrics.${index}`;
    const { id, kind, better, role = 'both', weight = 1, measure = 'value' } = spec;
    if (seen.has(id)) throw invalid(`${path}.id`, `\`${id}\` is used twice`);
    seen.add(id);
    const { quantile } = spec;
    if (kind === 'latency' && (spec.slo === undefined) === (quantile === undefined))
      throw invalid(
        `${path}.slo`,
        'a latency metric needs the milliseconds above which an answer is slow, or a quantile',
      );
    if (quantile !== undefined && !(kind === 'latency' && 'relative' in spec.margin))
      throw invalid(`${path}.quantile`, 'quantiles are for latencies with a relative margin');
    if (kind === 'value' && spec.cap === undefined)
      throw invalid(`${path}.cap`, 'a value metric needs the largest amount that counts');
    if (kind === 'label' && spec.window === undefined)
      throw invalid(`${path}.window`, 'a label metric needs the time within which labels come');
    if (kind === 'latency' && better === 'higher') throw invalid(`${path}.better`, 'a slow answer is never better');
    const margin =
      'relative' in spec.margin
        ? ({ kind: 'relative', size: spec.margin.relative } as const)
        : ({ kind: 'absolute', size: spec.margin.absolute } as const);
    if (better === 'higher' && margin.kind === 'relative' && margin.size >= 1)
      throw invalid(`${path}.margin`, 'a relative margin of a metric that should be high is below 1');
    const binary = kind !== 'value' && measure !== 'squaredError' && quantile === undefined;
    if (spec.rollBackWhen === 'beyondMargin' && !(binary && margin.kind === 'relative'))
      throw invalid(`${path}.rollBackWhen`, '`beyondMargin` is for events and labels with a relative margin');
    return {
      id,
      kind,
      better,
      margin,
      windowMs: parseDuration(spec.window ?? 0, `${path}.window`),
      role,
      rollBackWhen: spec.rollBackWhen ?? 'worse',
      weight: role === 'promotion' ? 0 : weight / total,
      measure,
      binary,
      cap: spec.cap ?? 1,
      sloMs: spec.slo ?? 0,
      ...(quantile !== undefined && { quantile }),
    };
  });
}

function invalid(path: string, reason: string): MillwrightError<'rollout/invalid'> {
  return new MillwrightError('rollout/invalid', `The rollout is not well formed at \`${path}\`: ${reason}.`, {
    details: { path, reason },
  });
}
