import type { Clock, ModelSource, RolloutTarget } from '@millwright/core';
import type { Outcomes } from '../outcome/index.js';
import { type CompiledPolicy, compilePolicy } from '../routing/index.js';
import type { RolloutObserver, ServedDecision } from './observe.js';
import { CHALLENGER } from './plan.js';
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
  /** The policy in force. */
  readonly policy: CompiledPolicy | undefined;
  observe(observer: (decision: ServedDecision) => void): () => void;
  /** Where the host reports what became of decisions. */
  readonly outcomes?: Outcomes | undefined;
}

/** One process that serves the model: it makes its endpoint serve what the ledger says. */
export interface Replica {
  /**
   * Serves what the state says; doing it twice is harmless. False when a model does not load: then what is loaded goes on
   * answering, and the next call tries again.
   */
  converge(state: RolloutState): Promise<boolean>;
  /** The ledger has just been heard: the policy may be trusted for another while. */
  renew(state: RolloutState): void;
  /** No request for the challenger from this moment on, whatever is read later: in baking the old champion answers again. */
  kill(state: RolloutState): void;
}

/** For how many milliseconds a policy is fresh, and for how many it is followed, without hearing of the ledger. */
export interface Trust {
  readonly softMs: number;
  readonly hardMs: number;
}

export function createReplica(
  target: RolloutTarget,
  endpoint: RolloutEndpoint,
  observer: RolloutObserver,
  clock: Clock,
  { softMs, hardMs }: Trust,
  failed: (error: unknown) => void,
): Replica {
  const { arms } = endpoint;
  const observing = endpoint.observe((decision) => observer.decided(decision));
  let applied: Pick<RolloutState, 'policy' | 'status'> | undefined;
  let killed = false;

  const hold = async (arm: string, model: string, version: string) => {
    if (arms.get(arm)?.model !== version) await arms.prepare(arm, target.source(model, version));
  };
  const lead = async (arm: string, model: string, version: string) => {
    if (arms.get('champion')?.model === version) return;
    await hold(arm, model, version);
    arms.promote(arm);
  };

  /** A challenger that is not promoted must not outlive our knowledge of it. */
  const put = ({ policy, cutoverAt, killed: stopped }: RolloutState) => {
    if (policy === undefined) return;
    const now = clock.now();
    const validUntil = cutoverAt === undefined ? now + hardMs : undefined;
    const isKilled = killed || stopped || policy.killed;
    endpoint.setPolicy(compilePolicy({ ...policy, killed: isKilled, validUntil, freshUntil: now + softMs }));
  };

  const isApplied = ({ policy, status }: RolloutState) =>
    applied?.policy?.epoch === policy?.epoch && applied?.status === status;

  /** Loads what the state asks for. A model that does not load leaves those in service that do. */
  const loadArms = async ({ status, model, champion, challenger, cutoverAt }: RolloutState) => {
    if (status === 'rollingBack') {
      if (cutoverAt !== undefined) await lead(PREVIOUS, model, champion);
    } else if (cutoverAt === undefined) {
      await hold(CHALLENGER, model, challenger);
    } else {
      // Whoever came late serves what was promoted also when the old champion, kept in reserve, does not load.
      const [reserve] = await Promise.allSettled([hold(PREVIOUS, model, champion)]);
      await lead(CHALLENGER, model, challenger);
      if (reserve.status === 'rejected') throw reserve.reason;
    }
  };

  /** Whoever was away while it went forth or back serves what has the alias now, not what it served last. */
  const tidy = async ({ id, model, alias, challenger }: RolloutState) => {
    observing();
    // A newer rollout may have taken over the endpoint: then there is nothing left to tidy.
    if (endpoint.policy !== undefined && endpoint.policy.salt !== id) return;
    const { id: now } = await target.source(model, alias).resolve();
    await lead(now === challenger ? CHALLENGER : PREVIOUS, model, now);
    endpoint.setPolicy(undefined);
    for (const arm of [CHALLENGER, PREVIOUS]) if (arms.get(arm) !== undefined) await arms.remove(arm);
  };

  const apply = async (state: RolloutState) => {
    // Away from the challenger first: loading may take its time, or fail.
    if (state.status === 'rollingBack' && state.cutoverAt === undefined) put(state);
    await loadArms(state);
    const [before, now] = [applied?.policy, state.policy];
    if (before !== undefined && now !== undefined && before.epoch < now.epoch) observer.end(before.epoch, clock.now());
    for (const plan of state.plans) observer.begin(plan);
    put(state);
  };

  return {
    async converge(state) {
      if (isApplied(state)) return true;
      try {
        await (isFinal(state) ? tidy(state) : apply(state));
      } catch (error) {
        failed(error);
        return false;
      }
      applied = { policy: state.policy, status: state.status };
      return true;
    },
    renew(state) {
      if (softMs < Infinity && isApplied(state) && !isFinal(state)) put(state);
    },
    kill(state) {
      killed = true;
      if (state.cutoverAt !== undefined && arms.get(PREVIOUS) !== undefined) arms.promote(PREVIOUS);
      put(state);
    },
  };
}

/** The arm that keeps the old champion loaded until the new one has proved itself. */
const PREVIOUS = 'previous';
