import { type Clock, MillwrightError, type ModelSource, type RolloutTarget, seededRandom } from '@millwright/core';
import { type Ledger, openLedger, type Projection } from '@millwright/core/ledger';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { type VirtualClock, virtualClock } from '@millwright/core/testing';
import type { RolloutEndpoint, ServedDecision } from '../../src/rollout/index.js';
import { type CompiledPolicy, route } from '../../src/routing/index.js';

export const HOUR = 3_600_000;
export const START = Date.UTC(2001, 1, 1);

interface Aliases {
  readonly champion: Map<string, string>;
}

/** Which version has the alias `champion`, folded from `alias.moved`. */
export const aliasProjection: Projection<Aliases> = {
  id: 'test-aliases@1',
  init: () => ({ champion: new Map([['m', 'm@1']]) }),
  apply(state, { type, data }) {
    if (type === 'alias.moved') state.champion.set(String(data['model']), String(data['version']));
    return state;
  },
  fork: (state) => ({ champion: new Map(state.champion) }),
};

export interface World {
  readonly clock: VirtualClock;
  readonly log: LogStore;
  readonly ledger: Ledger;
  readonly target: RolloutTarget;
  readonly endpoint: FakeEndpoint;
  readonly champion: () => string;
}

export async function world(
  options: { readonly log?: LogStore; readonly clock?: VirtualClock; readonly seed?: number } = {},
): Promise<World> {
  const { log = memoryLog(), clock = virtualClock(START), seed = 1 } = options;
  const random = seededRandom(seed);
  const ledger = await openLedger({ log, actor: 'maria', clock, random, projections: [aliasProjection] });
  const target = fakeTarget(ledger);
  return {
    clock,
    log,
    ledger,
    target,
    endpoint: fakeEndpoint(clock),
    champion: () => ledger.state(aliasProjection).champion.get('m')!,
  };
}

/** A registry that only knows the model `m`. */
export function fakeTarget(ledger: Ledger, deny?: () => string | undefined): RolloutTarget {
  const source = (model: string, name: string): ModelSource & { readonly id: () => string } => {
    const id = () => (name === 'champion' ? ledger.state(aliasProjection).champion.get(model)! : name);
    return { id, resolve: async () => ({ id: id() }) as Awaited<ReturnType<ModelSource['resolve']>> };
  };
  return {
    ledger,
    source,
    moveAlias(_view, { model, alias, version, reason, evidence }) {
      const denied = deny?.();
      if (denied !== undefined)
        throw new MillwrightError('registry/denied', denied, { details: { action: 'move', reasons: [denied] } });
      return [{ type: 'alias.moved', data: { model, alias, version, reason, evidence: [...evidence] } }];
    },
  };
}

export interface FakeEndpoint extends RolloutEndpoint {
  /** The models by arm. */
  readonly models: Map<string, string>;
  /** The model behind an arm. */
  model(arm: string): string | undefined;
  /** Answers a request and tells the observers. */
  serve(request: {
    readonly unit: string;
    readonly decisionId: string;
    /** What the model behind the arm answers. */
    readonly answer: (model: string) => Partial<Pick<ServedDecision, 'status' | 'latencyMs' | 'output'>>;
  }): ServedDecision;
}

export function fakeEndpoint(clock: Clock): FakeEndpoint {
  const models = new Map([['champion', 'm@1']]);
  const observers = new Set<(decision: ServedDecision) => void>();
  let policy: CompiledPolicy | undefined;
  return {
    models,
    arms: {
      async prepare(name, source) {
        models.set(name, (await source.resolve()).id);
      },
      promote: (name) => models.set('champion', models.get(name)!),
      async remove(name) {
        models.delete(name);
      },
      get: (name) => (models.has(name) ? { model: models.get(name)! } : undefined),
    },
    setPolicy(next) {
      policy = next;
    },
    observe(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    get policy() {
      return policy;
    },
    model: (arm) => models.get(arm),
    serve({ unit, decisionId, answer }) {
      const chosen = policy === undefined ? TO_CHAMPION : route(policy, unit, decisionId, clock.now());
      const model = models.get(chosen.arm);
      if (model === undefined) throw new TypeError(`no model behind ${chosen.arm}`);
      const decision: ServedDecision = {
        decisionId,
        unit,
        armAssigned: chosen.arm,
        epoch: chosen.epoch,
        share: chosen.share,
        sticky: chosen.sticky,
        shadow: false,
        status: 'answered',
        time: clock.now(),
        latencyMs: 5,
        output: undefined,
        ...answer(model),
      };
      for (const observer of observers) observer(decision);
      return decision;
    },
  };
}

const TO_CHAMPION = { arm: 'champion', epoch: 0, share: 1, sticky: false } as const;
