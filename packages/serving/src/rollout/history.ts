import type { LedgerEvent } from '@millwright/core/ledger';
import type { RolloutEventData } from './events.js';
import { type RolloutState, type RolloutStatus, reduceRollout } from './state.js';

/** A rollout over time, ready for charts. Times in milliseconds since 1970, evidence as natural logarithms. */
export interface RolloutHistory {
  /** The challenger's share from each change on. */
  readonly shares: readonly { readonly time: number; readonly share: number; readonly epoch: number }[];
  /** Each judgement that was recorded. `limit` is where the line is that decides. */
  readonly evidence: readonly EvidencePoint[];
  /** What happened, in words. */
  readonly moments: readonly {
    readonly time: number;
    readonly actor: string;
    readonly type: string;
    readonly status: RolloutStatus;
    readonly sentence: string;
  }[];
}

/** A judgement as charts draw it. */
export interface EvidencePoint {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly harm: { readonly logE: number; readonly limit: number };
  readonly proof: { readonly logE: number; readonly limit: number };
  readonly metrics: readonly {
    readonly metric: string;
    readonly harmLogE: number | undefined;
    readonly proofLogE: number | undefined;
    readonly rows: readonly [number, number];
  }[];
}

/** The history that a rollout's events tell. Pure. */
export function historyOf(events: readonly LedgerEvent[]): RolloutHistory {
  const shares: { time: number; share: number; epoch: number }[] = [];
  const evidence: EvidencePoint[] = [];
  const moments: RolloutHistory['moments'][number][] = [];
  let state: RolloutState | undefined;
  for (const event of events) {
    const before = state;
    state = reduceRollout(state, event);
    if (state === undefined) continue;
    const { time, actor, type } = event;
    if (state.policy !== undefined && state.policy.epoch !== before?.policy?.epoch) {
      const owned = state.policy.ranges.filter(({ arm }) => arm !== state!.policy!.champion);
      const share = owned.reduce((sum, { start, end }) => sum + (end - start) / 2 ** 32, 0);
      shares.push({ time, share, epoch: state.policy.epoch });
    }
    if (type === 'rollout.evidenceRecorded') {
      const { evidence: one } = event.data as object as RolloutEventData['rollout.evidenceRecorded'];
      evidence.push({
        time,
        harm: { logE: one.harm.logE, limit: one.harm.limit },
        proof: { logE: one.proof.logE, limit: one.proof.limit },
        metrics: one.metrics.map(({ metric, harm, proof, rows }) => ({
          metric,
          harmLogE: harm?.logE,
          proofLogE: proof?.logE,
          rows,
        })),
      });
    } else if (before === undefined || before.step !== state.step) {
      moments.push({ time, actor, type, status: state.status, sentence: sentenceOf(event, state) });
    }
  }
  return { shares, evidence, moments };
}

function sentenceOf({ type, data }: LedgerEvent, state: RolloutState): string {
  const said = data['sentence'] ?? data['reason'];
  if (typeof said === 'string') return said;
  if (type === 'rollout.stageEntered' || type === 'rollout.approvalRequested')
    return state.evidence?.evidence.because.sentence ?? '';
  return '';
}
