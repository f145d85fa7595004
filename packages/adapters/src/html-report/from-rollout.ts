import type { RolloutHistory } from '@millwright/serving/rollout';
import { formatDuration, formatTick } from './format.js';
import type { RolloutSection } from './model.js';

/** How a rollout is headed in the report. */
export interface RolloutSectionOptions {
  /** Which one: `flight-delay@3`. */
  readonly title?: string | undefined;
}

/**
 * The section of a rollout: its share of the traffic, the evidence for and against it on the same axis, what each metric
 * came to, and what was done because of it.
 *
 * @example
 * renderReport({ title: 'Release 4', rollouts: [rolloutOf(await rollout.history(), { title: 'flight-delay@4' })] });
 */
export function rolloutOf(
  { shares, evidence, moments }: RolloutHistory,
  options: RolloutSectionOptions = {},
): RolloutSection {
  const end = moments.findLast(({ type }) => ENDS.has(type));
  const newest = evidence.at(-1);
  const curve = (of: 'harm' | 'proof') => ({
    threshold: newest?.[of].limit ?? 0,
    points: evidence.map((at) => ({ x: at.time, y: at[of].logE })),
  });
  return {
    title: options.title,
    sentence: end === undefined ? stateOf(moments) : courseOf(shares, end),
    share: shares.map(({ time, share }) => ({ time, share, stage: formatTick(share, 'share') })),
    ...(newest === undefined
      ? {}
      : {
          evidence: [
            { label: 'harm', of: 'harm', ...curve('harm') },
            { label: 'no harm beyond the margins', of: 'benefit', ...curve('proof') },
          ],
          metrics: newest.metrics.map(({ metric, harmLogE, proofLogE, rows: [championRows, challengerRows] }) => ({
            name: metric,
            championRows,
            challengerRows,
            harm: harmLogE,
            proof: proofLogE,
          })),
        }),
    moments: moments.flatMap(({ time, actor, sentence }) => (sentence === '' ? [] : [{ time, actor, sentence }])),
    ...(end === undefined ? {} : { end: { time: end.time, kind: ENDS.get(end.type)!, sentence: end.sentence } }),
  };
}

function stateOf(moments: RolloutHistory['moments']): string {
  return moments.findLast(({ sentence }) => sentence !== '')?.sentence ?? 'Nothing is decided yet.';
}

/** How far it came and how long that took; why it ended is said where it ends. */
function courseOf(shares: RolloutHistory['shares'], end: { readonly type: string; readonly time: number }): string {
  const before = shares.filter(({ time }) => time < end.time);
  const most = formatTick(Math.max(0, ...before.map(({ share }) => share)), 'share');
  const verb = ENDS.get(end.type) === 'promotion' ? 'Promoted' : 'Rolled back';
  return `${verb} ${formatDuration(end.time - (before[0]?.time ?? end.time))} after its first exposure, from ${most} of the traffic at most.`;
}

const ENDS: ReadonlyMap<string, 'promotion' | 'rollback'> = new Map([
  ['rollout.promotionStarted', 'promotion'],
  ['rollout.rollbackStarted', 'rollback'],
  ['rollout.killed', 'rollback'],
]);
