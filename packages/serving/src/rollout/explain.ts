import type { RolloutDefinition, RolloutMetric } from './definition.js';
import type { Because, MetricEvidence, RolloutEvidence, Situation } from './evidence.js';
import { showDuration, showShare } from './units.js';

/** Puts a verdict into plain words. Pure. */
export function explain(
  definition: RolloutDefinition,
  evidence: Omit<RolloutEvidence, 'because'>,
  situation: Situation,
): Because {
  const { verdict, harm, proof, balance, need, metrics } = evidence;
  const { share, adapt } = definition.stages[Math.min(situation.stage, definition.stages.length - 1)]!;
  const stage = `the ${adapt === undefined ? '' : 'up to '}${showShare(share)} stage`;
  const find = (id: string | undefined) => ({
    metric: definition.metrics.find((one) => one.id === id),
    evidence: metrics.find((one) => one.metric === id),
  });
  switch (verdict) {
    case 'rollBack': {
      const cause = find(harm.cause);
      const after = Number.isFinite(situation.dwellMs) ? `, ${showDuration(situation.dwellMs)} into it` : '';
      const sentence = `In ${stage}${after}: ${harm.cause} is ${describe(cause.metric, cause.evidence, definition)} If the challenger were not worse, evidence as strong as this (merged over all guardrails) would come up in at most ${oneIn(harm.logE)} rollouts; the limit is ${oneIn(harm.limit)}.`;
      return { sentence, metric: harm.cause, logE: harm.logE, limit: harm.limit };
    }
    case 'pause': {
      const what =
        balance.cause === 'exposures'
          ? 'The arms do not get the units that their shares say'
          : `Labels of ${balance.cause} arrive unevenly in the two arms`;
      const sentence = `${what}: by chance that would happen in at most ${oneIn(balance.logE)} rollouts (limit ${oneIn(balance.limit)}), so the comparison cannot be trusted. A person should look at routing, logging and the label feed.`;
      return {
        sentence,
        metric: balance.cause === 'exposures' ? undefined : balance.cause,
        logE: balance.logE,
        limit: balance.limit,
      };
    }
    case 'promote': {
      const cause = find(proof.weakest);
      const said =
        cause.metric === undefined
          ? 'No metric had to be proved.'
          : `Every metric is proved to be within its margin; the closest was ${cause.metric.id}: ${describe(cause.metric, cause.evidence, definition)} If it were worse than the margin (${margin(cause.metric)}), this would come up in at most ${oneIn(proof.logE)} rollouts; the limit is ${oneIn(proof.limit)}.`;
      return { sentence: said, metric: proof.weakest, logE: proof.logE, limit: proof.limit };
    }
    case 'advance': {
      const sentence = `Enough was seen in ${stage}, and nothing speaks against the challenger (harm E = ${show(Math.exp(Math.min(harm.logE, 700)))}, limit ${show(Math.exp(harm.limit))}).`;
      return { sentence, metric: harm.cause, logE: harm.logE, limit: harm.limit };
    }
    case 'hold': {
      const missing = need.map(({ what, units, labels }) =>
        [units ?? labels, what].filter((x) => x !== undefined).join(' '),
      );
      const sentence =
        missing.length > 0
          ? `In ${stage} there is still missing: ${missing.join(', ')}.`
          : harm.logE >= harm.limit / 2
            ? `${harm.cause} looks worse in ${stage}, but not yet surely so (E = ${show(Math.exp(harm.logE))} of ${show(Math.exp(harm.limit))}).`
            : `In ${stage} it is not yet proved that ${proof.weakest} is within its margin (E = ${show(Math.exp(proof.logE))} of ${show(Math.exp(proof.limit))}).`;
      return { sentence, metric: need.length > 0 ? undefined : proof.weakest, logE: proof.logE, limit: proof.limit };
    }
    default:
      return verdict satisfies never;
  }
}

/** `12.1 % with flight-delay@5 and 4.0 % with the champion (1,204 and 22,871 rows of epoch 3).` */
function describe(
  metric: RolloutMetric | undefined,
  evidence: MetricEvidence | undefined,
  definition: RolloutDefinition,
): string {
  if (metric === undefined || evidence?.newest === undefined) return '';
  const { epoch, rows, sum, quantiles } = evidence.newest;
  const rate = (arm: 0 | 1) =>
    quantiles !== undefined
      ? `${show(quantiles[arm])} ms`
      : metric.binary
        ? `${show((100 * sum[arm]) / rows[arm])} %`
        : show(sum[arm] / rows[arm]);
  const { ratio } = evidence;
  const between =
    ratio === undefined
      ? ''
      : `, ratio between ${show(ratio.lower)} and ${ratio.upper === undefined ? '∞' : show(ratio.upper)}`;
  return `${rate(1)} with ${definition.challenger} and ${rate(0)} with the champion (${count(rows[1])} and ${count(rows[0])} rows of epoch ${epoch}${between}).`;
}

function margin({ margin: { kind, size }, better, binary }: RolloutMetric): string {
  const sign = better === 'lower' ? '+' : '-';
  if (kind === 'relative') return `${sign}${show(size * 100)} % of the champion's`;
  return binary ? `${sign}${show(size * 100)} percentage points` : `${sign}${show(size)}`;
}

const oneIn = (logE: number) => `1 in ${large(Math.max(0, logE))}`;
/** `4,830`, `35,000`, `12 million`, `10^18`: no more digits than anybody needs. */
function large(log: number): string {
  const value = Math.exp(log);
  if (log > 27) return `10^${Math.floor(log / Math.LN10)}`;
  for (const [size, name] of [
    [1e9, 'billion'],
    [1e6, 'million'],
  ] as const)
    if (value >= size) return `${Number((value / size).toPrecision(2))} ${name}`;
  return count(value < 10_000 ? value : Number(value.toPrecision(2)));
}
const show = (value: number) => (Math.abs(value) >= 1000 ? count(value) : String(Number(value.toPrecision(3))));
const count = (value: number) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
