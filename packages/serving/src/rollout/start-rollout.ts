import {
  type Clock,
  type Closable,
  closable,
  type EventSource,
  eventHub,
  idSource,
  isMillwrightError,
  MillwrightError,
  type ModelSource,
  type Random,
  type RolloutId,
  type RolloutTarget,
  systemClock,
  systemRandom,
} from '@millwright/core';
import type { LedgerEvent, LedgerView, NewEvent } from '@millwright/core/ledger';
import type { Disposition, Outcome, OutcomeCounts } from '../outcome/index.js';
import { type CompiledPolicy, compilePolicy } from '../routing/index.js';
import type { RolloutDefinition } from './definition.js';
import { plainJson, type RolloutEventData, rolloutEvent } from './events.js';
import { historyOf, type RolloutHistory } from './history.js';
import { judge, type RolloutEvidence, type Situation } from './judge.js';
import { createObserver, type ObserverOptions, type ServedDecision } from './observe.js';
import { CHALLENGER, type Plan, planRollout, record, rollBackPlan, withOwn } from './plan.js';
import { activeRollout, rolloutProjection } from './projection.js';
import { isFinal, type RolloutState } from './state.js';

/** What a rollout needs of an endpoint; `createEndpoint` gives it. */
export interface RolloutEndpoint {
  readonly arms: {
    /** Loads and warms a model without giving it traffic. */
    prepare(name: string, source: ModelSource): Promise<unknown>;
    /** Makes the arm's model the champion. */
    promote(name: string): unknown;
    remove(name: string): Promise<void>;
    get(name: string): { readonly model: string } | undefined;
  };
  setPolicy(policy: CompiledPolicy | undefined): void;
  observe(observer: (decision: ServedDecision) => void): () => void;
}

export interface StartOptions extends ObserverOptions {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Who starts it: the author, who cannot approve it. Default: the ledger's actor. */
  readonly actor?: string | undefined;
  /** Looks this often by itself, in milliseconds. Default: only when `tick` is called. */
  readonly tickMs?: number | undefined;
  /** The name of this process among those that serve the model. Default `local`. */
  readonly replica?: string | undefined;
  /** Sums and evidence are written to the ledger at least this often, in milliseconds. Default one hour. */
  readonly flushMs?: number | undefined;
  /** Ends another rollout of the same alias that is under way. Default: refuse. */
  readonly supersede?: boolean | undefined;
}

/** What happens to a rollout, whoever caused it. */
export interface RolloutHubEvents {
  readonly advanced: { readonly stage: number; readonly share: number; readonly epoch: number; readonly time: number };
  readonly approvalRequested: { readonly sentence: string; readonly time: number };
  readonly promoted: {
    readonly version: string;
    readonly because: { readonly sentence: string };
    readonly time: number;
  };
  readonly completed: { readonly time: number };
  readonly rollingBack: {
    readonly cause: string;
    readonly because: { readonly sentence: string };
    readonly time: number;
  };
  readonly rolledBack: {
    readonly cause: string;
    readonly because: { readonly sentence: string };
    readonly time: number;
  };
  readonly paused: { readonly reason: string; readonly because: { readonly sentence: string }; readonly time: number };
  /** A look by itself failed (the store is away); the next one tries again. */
  readonly failed: { readonly error: unknown };
}

/** A rollout under way in this process. */
export interface Rollout extends Closable {
  readonly id: string;
  readonly state: RolloutState;
  /** The newest judgement. */
  readonly evidence: RolloutEvidence | undefined;
  readonly events: EventSource<RolloutHubEvents>;
  readonly outcomes: {
    /** Notes what became of a decision. Outcomes of decisions outside this rollout are orphans, and harmless. */
    record(outcome: Outcome): Disposition;
    readonly counts: OutcomeCounts;
  };
  /** Looks once: rows mature, evidence is judged, and what follows is done. Resolves with the state after it. */
  tick(): Promise<RolloutState>;
  /** Freezes the share. Guardrails still roll back. */
  pause(reason: string, options?: { readonly actor?: string | undefined }): Promise<void>;
  /** Goes on from where it was paused; names what was looked at. */
  resume(reason: string, options?: { readonly actor?: string | undefined }): Promise<void>;
  /** Speaks for the promotion. The author's own approval does not count. @throws `rollout/state` when nothing is to be approved */
  approve(options: { readonly actor: string; readonly reason: string }): Promise<void>;
  /** Goes back to the champion in an orderly way. */
  rollBack(reason: string, options?: { readonly actor?: string | undefined }): Promise<void>;
  /** Stops it: this process serves the champion at once, everybody else as soon as they hear; nothing undoes it. */
  kill(reason: string, options?: { readonly actor?: string | undefined }): Promise<void>;
  /** Everything for charts: shares, evidence and events over time. */
  history(): Promise<RolloutHistory>;
}

/**
 * Starts the rollout, or joins it when one with the same definition is under way (after a restart, or in another replica).
 * Every process that serves the model calls it; whoever looks first acts, and the ledger sees to it that no step is taken
 * twice.
 *
 * @throws `rollout/state` when another rollout of the alias is under way
 */
export async function startRollout(
  target: RolloutTarget,
  endpoint: RolloutEndpoint,
  definition: RolloutDefinition,
  options: StartOptions = {},
): Promise<Rollout> {
  const { clock = systemClock, random = systemRandom, actor, tickMs, replica = 'local', flushMs = 3_600_000 } = options;
  const { ledger } = target;
  const nextId = idSource(clock, random);
  await ledger.use(rolloutProjection);
  const boot = `${replica}/${nextId<RolloutId>()}`;
  const id = await submit();
  const hub = eventHub<RolloutHubEvents>();
  const observer = createObserver(definition, clock, options);
  let applied: RolloutState | undefined;
  let ownKill = false;
  let evidence: RolloutEvidence | undefined;
  let flushedAt = clock.now();
  let flushNumber = 0;
  let busy: Promise<unknown> = Promise.resolve();
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  const current = () => ledger.state(rolloutProjection).byId.get(id)!;
  const stopListening = [
    ledger.events.on('committed', announce),
    endpoint.observe((decision) => observer.decided(decision)),
  ];

  async function submit(): Promise<string> {
    const { model, alias, challenger } = definition;
    const { id: champion } = await target.source(model, alias).resolve();
    const fresh = nextId<RolloutId>();
    const { result } = await ledger.commit(
      (view) => {
        const active = activeRollout(view.state(rolloutProjection), model, alias);
        if (active?.definition.digest === definition.digest) return { events: [], result: active.id };
        if (active !== undefined && options.supersede !== true)
          throw new MillwrightError(
            'rollout/state',
            `\`${model}\` is already being rolled out (${active.challenger}, ${active.status}). Wait, roll it back, or pass \`supersede: true\`.`,
            { details: { state: active.status, command: 'start' } },
          );
        const data = {
          rollout: fresh,
          model,
          alias,
          champion,
          challenger,
          definition: plainJson(definition),
          digest: definition.digest,
        };
        const ending = active === undefined ? [] : supersedeEvents(view, active, fresh);
        return { events: [...ending, rolloutEvent('rollout.submitted', data)], result: fresh };
      },
      { actor },
    );
    return result;
  }

  function supersedeEvents(view: LedgerView, active: RolloutState, by: string): readonly NewEvent[] {
    const back = rollBackPlan(active, 'requested', 'A newer rollout took its place.', undefined);
    return [
      ...back.events,
      rolloutEvent('rollout.superseded', { rollout: active.id, by }),
      ...aliasEvents(view, active, back),
    ];
  }

  /** Makes this process serve what the state says. Doing it twice is harmless. */
  async function converge(state: RolloutState): Promise<void> {
    const { arms } = endpoint;
    if (applied?.policy?.epoch === state.policy?.epoch && applied?.status === state.status) return;
    const before = applied;
    if (isFinal(state)) {
      if (state.status === 'completed') await adopt(state);
      endpoint.setPolicy(undefined);
      for (const arm of [CHALLENGER, PREVIOUS]) if (arms.get(arm) !== undefined) await arms.remove(arm);
    } else if (state.status === 'baking') {
      await adopt(state);
      apply(state, before);
    } else {
      if (state.status === 'rollingBack' && state.cutoverAt !== undefined) await restore(state);
      else if (arms.get(CHALLENGER)?.model !== state.challenger)
        await arms.prepare(CHALLENGER, target.source(state.model, state.challenger));
      apply(state, before);
    }
    applied = state;
  }

  /** The challenger becomes champion here; the old champion stays loaded until the rollout is complete. */
  async function adopt(state: RolloutState): Promise<void> {
    const { arms } = endpoint;
    if (state.status === 'baking' && arms.get(PREVIOUS) === undefined)
      await arms.prepare(PREVIOUS, target.source(state.model, state.champion));
    if (arms.get('champion')?.model === state.challenger) return;
    if (arms.get(CHALLENGER)?.model !== state.challenger)
      await arms.prepare(CHALLENGER, target.source(state.model, state.challenger));
    arms.promote(CHALLENGER);
  }

  /** Back to the version from before the cutover. */
  async function restore(state: RolloutState): Promise<void> {
    const { arms } = endpoint;
    if (arms.get('champion')?.model === state.champion) return;
    if (arms.get(PREVIOUS)?.model !== state.champion)
      await arms.prepare(PREVIOUS, target.source(state.model, state.champion));
    arms.promote(PREVIOUS);
  }

  function apply(state: RolloutState, before: RolloutState | undefined): void {
    const { policy } = state;
    if (policy === undefined) return;
    if (before?.policy !== undefined && before.policy.epoch < policy.epoch)
      observer.end(before.policy.epoch, clock.now());
    for (const plan of state.plans) observer.begin(plan);
    endpoint.setPolicy(compilePolicy(ownKill || state.killed ? { ...policy, killed: true } : policy));
  }

  async function look(): Promise<RolloutState> {
    await ledger.refresh();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const state = current();
      await converge(state);
      if (isFinal(state)) break;
      const now = clock.now();
      observer.advance(now);
      const own = observer.statistics();
      const statistics = withOwn(state, boot, own);
      const situation = situationOf(state, now);
      evidence = judge(definition, statistics, { situation });
      let plan = planRollout(state, { now, evidence, statistics });
      if (plan !== undefined && plan.events.length > 1) {
        // Something is decided: the record of why also has the confidence sequences.
        evidence = judge(definition, statistics, { situation, intervals: true });
        plan = planRollout(state, { now, evidence, statistics });
      }
      const acknowledged = state.replicas[replica]?.epoch ?? 0;
      const epoch = state.policy?.epoch ?? 0;
      const acks =
        epoch > acknowledged ? [rolloutEvent('rollout.epochAcknowledged', { rollout: id, epoch, replica })] : [];
      const due = now - flushedAt >= heartbeat(state);
      const flush = plan !== undefined || due ? flushed(own, now) : [];
      const recorded = due && plan === undefined ? record(state, { evidence }) : [];
      if (acks.length === 0 && flush.length === 0 && plan === undefined) break;
      await commitPlan(state, [...acks, ...flush, ...recorded], plan);
      if (plan === undefined && acks.length === 0) break;
    }
    return current();
  }

  function heartbeat(state: RolloutState): number {
    const alone = Object.keys(state.replicas).length <= 1;
    return alone || definition.hardTtlMs === 0 ? flushMs : Math.min(flushMs, definition.hardTtlMs / 2);
  }

  function flushed(own: ReturnType<typeof observer.statistics>, now: number): readonly NewEvent[] {
    flushedAt = now;
    const data = { rollout: id, replica, boot, number: ++flushNumber, epochs: own };
    return [rolloutEvent('rollout.observed', data)];
  }

  /** Writes what was planned unless somebody else has moved the rollout on since. */
  async function commitPlan(
    seen: RolloutState,
    bookkeeping: readonly NewEvent[],
    plan: Plan | undefined,
  ): Promise<void> {
    try {
      await ledger.commit((view) => {
        const state = view.state(rolloutProjection).byId.get(id)!;
        if (plan === undefined || state.step !== seen.step) return { events: bookkeeping, result: undefined };
        return { events: [...bookkeeping, ...plan.events, ...aliasEvents(view, state, plan)], result: undefined };
      });
    } catch (error) {
      if (!isMillwrightError(error, 'registry/denied')) throw error;
      const sentence = `The registry does not let \`${definition.alias}\` move: ${error.details.reasons.join('; ')}.`;
      await command((state) =>
        state.step === seen.step ? [rolloutEvent('rollout.paused', { rollout: id, reason: 'denied', sentence })] : [],
      );
    }
  }

  function aliasEvents(view: LedgerView, state: RolloutState, plan: Plan): readonly NewEvent[] {
    if (plan.aliasTo === undefined) return [];
    const reason = `${plan.aliasTo === state.champion ? 'Rolled back by' : 'Promoted by'} rollout ${state.id}`;
    const proof = state.evidence?.digest;
    return target.moveAlias(view, {
      model: state.model,
      alias: state.alias,
      version: plan.aliasTo,
      reason,
      evidence: proof === undefined ? [] : [proof],
    });
  }

  function command(
    decide: (state: RolloutState, view: LedgerView) => readonly NewEvent[],
    by?: { readonly actor?: string | undefined },
  ): Promise<unknown> {
    return ledger.commit(
      (view) => ({ events: decide(view.state(rolloutProjection).byId.get(id)!, view), result: undefined }),
      { actor: by?.actor },
    );
  }

  /** One look at a time; a look that is asked for while another runs starts after it. */
  function tick(): Promise<RolloutState> {
    const next = busy.then(look, look);
    busy = next.catch(() => undefined);
    return next;
  }

  function schedule(): void {
    if (tickMs === undefined || closed) return;
    cancelTimer = clock.schedule(tickMs, () => {
      tick()
        .catch((error: unknown) => hub.emit('failed', { error }))
        .finally(schedule);
    });
  }

  function announce({ type, time, data }: LedgerEvent): void {
    if (data['rollout'] !== id) return;
    const of = <T extends keyof RolloutEventData>(_type: T) => data as object as RolloutEventData[T];
    if (type === 'rollout.stageEntered') {
      const { stage, plan } = of(type);
      hub.emit('advanced', { stage, share: plan.share, epoch: plan.epoch, time });
    } else if (type === 'rollout.cutoverCommitted') {
      const sentence = current().evidence?.evidence.because.sentence ?? '';
      hub.emit('promoted', { version: definition.challenger, because: { sentence }, time });
    } else if (type === 'rollout.rollbackStarted') {
      const { cause, sentence } = of(type);
      hub.emit('rollingBack', { cause, because: { sentence }, time });
    } else if (type === 'rollout.rolledBack') {
      const { cause = 'requested', sentence = '' } = current().cause ?? {};
      hub.emit('rolledBack', { cause, because: { sentence }, time });
    } else if (type === 'rollout.paused') {
      const { reason, sentence } = of(type);
      hub.emit('paused', { reason, because: { sentence }, time });
    } else if (type === 'rollout.approvalRequested') {
      hub.emit('approvalRequested', { sentence: current().evidence?.evidence.because.sentence ?? '', time });
    } else if (type === 'rollout.completed') {
      hub.emit('completed', { time });
    }
  }

  function require(state: RolloutState, command: string, allowed: boolean): void {
    if (allowed) return;
    throw new MillwrightError('rollout/state', `A rollout that is ${state.status} cannot ${command}.`, {
      details: { state: state.status, command },
    });
  }

  await tick();
  schedule();

  return {
    ...closable(async () => {
      closed = true;
      cancelTimer?.();
      for (const stop of stopListening) stop();
      await busy;
      if (isFinal(current())) return;
      observer.advance(clock.now());
      const own = flushed(observer.statistics(), clock.now());
      await ledger.commit(() => ({ events: own, result: undefined }));
    }),
    id,
    get state() {
      return current();
    },
    get evidence() {
      return evidence;
    },
    events: hub,
    outcomes: {
      record: (outcome) => observer.record(outcome),
      get counts() {
        return observer.counts;
      },
    },
    tick,
    async pause(reason, by) {
      await command((state) => {
        require(state, 'be paused', !isFinal(state) && PAUSABLE.has(state.status));
        return [rolloutEvent('rollout.paused', { rollout: id, reason: 'requested', sentence: reason })];
      }, by);
    },
    async resume(reason, by) {
      await command((state) => {
        require(state, 'be resumed', state.status === 'paused');
        return [rolloutEvent('rollout.resumed', { rollout: id, reason, acknowledges: state.evidence?.digest })];
      }, by);
      await tick();
    },
    async approve({ actor: by, reason }) {
      await command(
        (state) => {
          const seen = state.evidence;
          require(state, 'be approved', seen !== undefined && state.status === 'awaitingApproval');
          return [rolloutEvent('rollout.approved', { rollout: id, evidence: seen!.digest, reason })];
        },
        { actor: by },
      );
      await tick();
    },
    async rollBack(reason, by) {
      await command((state, view) => {
        require(state, 'be rolled back', !isFinal(state) && state.status !== 'rollingBack');
        const plan = rollBackPlan(state, 'requested', reason, undefined);
        return [...plan.events, ...aliasEvents(view, state, plan)];
      }, by);
      await tick();
    },
    async kill(reason, by) {
      ownKill = true;
      const { policy } = current();
      if (policy !== undefined && !isFinal(current())) endpoint.setPolicy(compilePolicy({ ...policy, killed: true }));
      await command((state, view) => {
        if (isFinal(state)) return [];
        const killed = rolloutEvent('rollout.killed', { rollout: id, reason });
        if (state.status === 'rollingBack') return [killed];
        const plan = rollBackPlan(state, 'killed', reason, undefined);
        return [killed, ...plan.events, ...aliasEvents(view, state, plan)];
      }, by);
      await tick();
    },
    async history() {
      const events: LedgerEvent[] = [];
      for await (const event of ledger.read()) if (event.data['rollout'] === id) events.push(event);
      return historyOf(events);
    },
  };
}

const PREVIOUS = 'previous';
/** Submitting, acknowledging and entering a stage are rounds; more than a few in one look is a bug elsewhere. */
const MAX_ROUNDS = 12;
const PAUSABLE: ReadonlySet<string> = new Set(['submitted', 'ramping', 'holding', 'awaitingApproval', 'promoting']);

function situationOf(state: RolloutState, now: number): Situation {
  return {
    stage: Math.max(0, state.stage),
    epoch: state.policy?.epoch ?? 0,
    dwellMs: state.inForceAt === undefined ? 0 : now - state.inForceAt,
    balancedUntil: state.balancedUntil,
  };
}
