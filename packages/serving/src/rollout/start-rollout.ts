import {
  type Clock,
  type Closable,
  canonicalJson,
  closable,
  type EventSource,
  eventHub,
  idSource,
  type Random,
  type RolloutId,
  type RolloutTarget,
  systemClock,
  systemRandom,
} from '@millwright/core';
import type { LedgerEvent, NewEvent } from '@millwright/core/ledger';
import type { Disposition, Outcome, OutcomeCounts } from '../outcome/index.js';
import { isStale } from '../routing/index.js';
import { announce, type RolloutHubEvents } from './announce.js';
import { type DetectorMaker, watchBake } from './bake.js';
import { breakerWatch } from './breakers.js';
import { commandRollout, enact, type RolloutCommands, rolloutCommands } from './commands.js';
import type { RolloutDefinition } from './definition.js';
import { plainJson, rolloutEvent } from './events.js';
import type { RolloutEvidence } from './evidence.js';
import { fleetSums, judgeFleet, type ObservationExchange } from './exchange.js';
import type { Traffic } from './forecast.js';
import { historyOf, type RolloutHistory } from './history.js';
import { looks, type WakeUp } from './looks.js';
import { createObserver, type ObserverOptions } from './observe.js';
import { type Plan, planRollout, record } from './plan.js';
import { rolloutProjection } from './projection.js';
import { createReplica, type RolloutEndpoint, type Trust } from './replica.js';
import { isFinal, type RolloutState, situationOf } from './state.js';
import type { EpochStatistics, RolloutStatistics } from './statistics.js';
import { submitRollout } from './submit.js';

/** How this process takes part in a rollout. */
export interface StartRolloutOptions extends ObserverOptions {
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Who starts it: the author, who cannot approve it. Default: the ledger's actor. */
  readonly actor?: string | undefined;
  /** Looks this often by itself, in milliseconds. Default: only when `tick` is called. */
  readonly tickMs?: number | undefined;
  /**
   * Looks also when this yields: what one process writes, the others then hear at once instead of at their next look. It
   * does not take the place of `tickMs`, for time passes and stores fall silent.
   */
  readonly wake?: WakeUp | undefined;
  /**
   * By metric, what watches the challenger after its promotion: the alarm of one process takes the promotion back, while
   * the old champion is still warm. Default: nobody but people.
   */
  readonly bakeDetectors?: Readonly<Record<string, DetectorMaker>> | undefined;
  /** Where the processes leave their sums for each other between flushes. Default: the ledger alone. */
  readonly exchange?: ObservationExchange | undefined;
  /** The name of this process among those that serve the model. Default `local`. */
  readonly replica?: string | undefined;
  /** Sums and evidence are written to the ledger at least this often, in milliseconds. Default one hour. */
  readonly flushMs?: number | undefined;
  /**
   * How long the ledger may not be heard of before the policy counts as stale (see `Rollout.stale`), in milliseconds. Served
   * is it all the same, up to the definition's `hardTtl`. Default three looks; without `tickMs` for ever.
   */
  readonly softTtlMs?: number | undefined;
  /** The traffic to be expected: a new rollout whose gates cannot conclude with it is refused (see `forecastRollout`). Default: not asked. */
  readonly traffic?: Traffic | undefined;
  /** Starts anew although the last rollout of the alias had the same definition and has ended. Default: join the ended one. */
  readonly again?: boolean | undefined;
  /** Ends another rollout of the same alias that is under way. Default: refuse. */
  readonly supersede?: boolean | undefined;
}

/** A rollout under way in this process. */
export interface Rollout extends Closable, RolloutCommands {
  readonly id: string;
  readonly state: RolloutState;
  /** The newest judgement. */
  readonly evidence: RolloutEvidence | undefined;
  readonly events: EventSource<RolloutHubEvents>;
  /** The policy that is served here has not been confirmed for a while: the ledger is out of reach. */
  readonly stale: boolean;
  readonly outcomes: {
    /** Notes what became of a decision, as `endpoint.outcomes.record` does for everybody. Outcomes of decisions outside this rollout are orphans, and harmless. */
    record(outcome: Outcome): Disposition;
    readonly counts: OutcomeCounts;
  };
  /** Looks once: rows mature, evidence is judged, and what follows is done. Resolves with the state after it. */
  tick(): Promise<RolloutState>;
  /** Everything for charts: shares, evidence and events over time. */
  history(): Promise<RolloutHistory>;
}

/**
 * Starts the rollout, or joins it when the newest one of the alias has the same definition (after a restart, or in another
 * replica), also when it has ended: a challenger that was rolled back does not come back because a process starts again.
 * Every process that serves the model calls it; whoever looks first acts, and the ledger sees to it that no step is taken
 * twice.
 *
 * @throws `rollout/state` when another rollout of the alias is under way, `rollout/invalid` when `traffic` is given and too
 * little to conclude
 */
export async function startRollout(
  target: RolloutTarget,
  endpoint: RolloutEndpoint,
  definition: RolloutDefinition,
  options: StartRolloutOptions = {},
): Promise<Rollout> {
  const { clock = systemClock, random = systemRandom, tickMs, replica = 'local', flushMs = 3_600_000 } = options;
  const { ledger } = target;
  const nextId = idSource(clock, random);
  const boot = `${replica}/${nextId<RolloutId>()}`;
  await ledger.use(rolloutProjection);
  await ledger.refresh();
  const id = await submitRollout(target, endpoint, definition, { ...options, fresh: nextId<RolloutId>() });
  const hub = eventHub<RolloutHubEvents>();
  const observer = createObserver(definition, clock, options);
  const bake = watchBake(definition, clock, options.bakeDetectors ?? {}, options);
  const failed = (error: unknown) => hub.emit('failed', { error });
  const breaker = breakerWatch(definition);
  const fleet = fleetSums({ exchange: options.exchange, rollout: id, replica, boot, failed });
  const here = createReplica(target, endpoint, observer, clock, trustOf(definition, options), failed);
  let evidence: RolloutEvidence | undefined;
  let killing: { readonly reason: string; readonly actor: string | undefined } | undefined;
  let flushedAt = clock.now();
  let flushNumber = 0;
  const { tick, start, stop } = looks(look, { clock, tickMs, wake: options.wake, failed });

  const commands = rolloutCommands(target, id);
  const looked = async () => void (await tick());
  const current = () => ledger.state(rolloutProjection).byId.get(id)!;
  const stopListening = [
    ledger.events.on('committed', (event) => {
      if (event.data['rollout'] === id) announce(hub, event, current());
    }),
    endpoint.observe((decision) => bake.decided(decision)),
    endpoint.observe((decision) => breaker.decided(decision)),
    endpoint.outcomes?.observe((outcome) => recordOutcome(outcome)) ?? (() => undefined),
  ];

  function recordOutcome(outcome: Outcome): Disposition {
    bake.record(outcome);
    return observer.record(outcome);
  }

  async function look(): Promise<RolloutState> {
    await ledger.refresh();
    if (killing !== undefined && !current().killed) await commands.kill(killing.reason, killing);
    here.renew(current());
    if (!isFinal(current())) fleet.trade(++flushNumber, observer.statistics());
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const state = current();
      const serves = await here.converge(state);
      if (isFinal(state)) break;
      const now = clock.now();
      observer.advance(now);
      const own = observer.statistics();
      const statistics = fleet.exact(state, own);
      const rough = fleet.rough(state, own);
      const situation = situationOf(state, now);
      bake.begin(state, statistics);
      bake.advance(now);
      const { alarm } = bake;
      evidence = judgeFleet(definition, statistics, rough, { situation });
      let plan = planRollout(state, { now, evidence, statistics, alarm });
      if (plan !== undefined && plan.events.length > 1) {
        // Something is decided: the record of why also has the confidence sequences.
        evidence = judgeFleet(definition, statistics, rough, { situation, intervals: true });
        plan = planRollout(state, { now, evidence, statistics, alarm });
      }
      const acknowledged = state.replicas[replica]?.epoch ?? 0;
      const epoch = state.policy?.epoch ?? 0;
      const acks =
        serves && epoch > acknowledged
          ? [rolloutEvent('rollout.epochAcknowledged', { rollout: id, epoch, replica })]
          : breaker.reports(state, replica);
      const due = now - flushedAt >= heartbeat(state);
      const flush = plan !== undefined || due ? flushed(own, now) : [];
      const recorded = due && plan === undefined ? record(state, { evidence }) : [];
      if (acks.length === 0 && flush.length === 0 && plan === undefined) break;
      await commitPlan(state, [...acks, ...flush, ...(plan ? fleet.carried(state) : []), ...recorded], plan);
      if (plan === undefined && acks.length === 0) break;
    }
    return current();
  }

  function heartbeat(state: RolloutState): number {
    const alone = Object.keys(state.replicas).length <= 1;
    return alone || definition.hardTtlMs === 0 ? flushMs : Math.min(flushMs, definition.hardTtlMs / 2);
  }

  /** Sums of epochs that rest are not written again, or the ledger would grow with the square of their number. */
  function flushed(own: RolloutStatistics, now: number): readonly NewEvent[] {
    flushedAt = now;
    const written = current().observed[boot] ?? {};
    const epochs = own.filter((one) => !isSame(one, written[one.epoch]?.epoch));
    return [rolloutEvent('rollout.observed', { rollout: id, replica, boot, number: ++flushNumber, epochs })];
  }

  /** Writes what was planned unless somebody else has moved the rollout on since. */
  async function commitPlan(
    seen: RolloutState,
    bookkeeping: readonly NewEvent[],
    plan: Plan | undefined,
  ): Promise<void> {
    await commandRollout(target, id, (state, view) => {
      if (plan === undefined || state.step !== seen.step) return bookkeeping;
      return [...bookkeeping, ...enact(target, view, state, plan)];
    });
  }

  await tick();
  start();

  return {
    ...closable(async () => {
      for (const stopOne of stopListening) stopOne();
      await stop();
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
    get stale() {
      return endpoint.policy !== undefined && isStale(endpoint.policy, clock.now());
    },
    outcomes: {
      record: recordOutcome,
      get counts() {
        return observer.counts;
      },
    },
    tick,
    pause: commands.pause,
    resume: (reason, by) => commands.resume(reason, by).then(looked),
    approve: (approval) => commands.approve(approval).then(looked),
    rollBack: (reason, by) => commands.rollBack(reason, by).then(looked),
    // This process serves the champion at once, whether the ledger can be reached or not.
    async kill(reason, by) {
      if (isFinal(current())) return;
      killing = { reason, actor: by?.actor };
      here.kill(current());
      await tick();
    },
    async history() {
      const events: LedgerEvent[] = [];
      for await (const event of ledger.read()) if (event.data['rollout'] === id) events.push(event);
      return historyOf(events);
    },
  };
}

/** A host that calls `tick` by hand may look rarely, and knows it. */
function trustOf({ hardTtlMs }: RolloutDefinition, { tickMs, softTtlMs }: StartRolloutOptions): Trust {
  if (tickMs === undefined) return { softMs: softTtlMs ?? Infinity, hardMs: Infinity };
  return { softMs: softTtlMs ?? 3 * tickMs, hardMs: hardTtlMs === 0 ? Infinity : hardTtlMs };
}

/** Whether what is in the ledger says the same; the order of members there is another one. */
function isSame(own: EpochStatistics, written: EpochStatistics | undefined): boolean {
  return written !== undefined && canonicalJson(plainJson(own)) === canonicalJson(plainJson(written));
}

/** Submitting, acknowledging and entering a stage are rounds; more than a few in one look is a bug elsewhere. */
const MAX_ROUNDS = 12;
