import type {
  Clock,
  Closable,
  DecisionId,
  Digest,
  EventSource,
  ModelSource,
  Predictor,
  Random,
  RequestContext,
  ResolvedModel,
} from '@millwright/core';
import type { Contract } from '@millwright/core/contract';
import type { StageSummary } from '@millwright/core/telemetry';
import type { Codec, EngineFacts, EngineStats } from '../engine/types.js';
import type { Abstained, Guard } from '../guard/types.js';
import type { Outcomes } from '../outcome/index.js';
import type { CompiledPolicy, StickyStore } from '../routing/index.js';
import type { GoldenRun, ModelRuntime, TensorSignature } from '../runtime/types.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { DegradeLadder } from './degrade.js';
import type { ResponseCache } from './response-cache.js';

/** Values by name: what goes in and comes out when no codec says otherwise. */
export type Row = Readonly<Record<string, unknown>>;

/** Where an arm's answers come from. */
export type ArmSource<I, O> = ModelSource | Predictor<I, O>;

/** Rows whose answers are known, for every model or by model. */
export type GoldenOf =
  | readonly GoldenRun[]
  | ((model: ResolvedModel) => readonly GoldenRun[] | Promise<readonly GoldenRun[]>);

/**
 * Where a request's time goes: `check` against the contract, `guard` before the model, `infer` from the queue to the
 * answer, `verify` by the guards behind it.
 */
export type RequestStage = 'check' | 'guard' | 'infer' | 'verify';

/** What an endpoint serves, and within which limits. */
export interface EndpointOptions<I, O> {
  /** The champion: a registry alias, a folder, or anything that predicts. */
  readonly model: ArmSource<I, O>;
  /** What runs models: `onnx()`. Not needed when every arm is a predictor. */
  readonly runtime?: ModelRuntime | undefined;
  /**
   * Makes a predictor of a version instead of loading it into a runtime: for versions that are prompts, rules or
   * indexes. Called for every model that an arm gets.
   */
  readonly predictor?: ((model: ResolvedModel) => Predictor<I, O> | Promise<Predictor<I, O>>) | undefined;
  /** What inputs must keep. Default: the contract of the champion's model. */
  readonly contract?: Contract | undefined;
  /** Values to tensors and back, per model; it may read files of the artifact. Default: by the names of contract and signature, see `defaultCodec`. */
  readonly codec?:
    | ((model: ResolvedModel, signature: TensorSignature) => Codec<I, O> | Promise<Codec<I, O>>)
    | undefined;
  /** How long an answer may take. Default 1,000. */
  readonly deadlineMs?: number | undefined;
  /** Share of the deadline after which a request whose arm has not answered goes to the champion. 1: never. Default 0.5. */
  readonly fallbackAfter?: number | undefined;
  /** Rows per run. Default 64. */
  readonly maxBatch?: number | undefined;
  /** Rows that may wait per arm. Default 65,536. */
  readonly maxQueued?: number | undefined;
  /** Calls of a predictor that may be under way per arm: one arm's slowness is not another's. Default 1,024. */
  readonly maxInFlight?: number | undefined;
  /** What a model must answer before it is accepted, at the start and in every swap: golden rows of the plan that is loaded. */
  readonly golden?: GoldenOf | undefined;
  /** Largest difference of a golden output, relative to `max(1, |expected|)`. Default 1e-4. */
  readonly tolerance?: number | undefined;
  /** What each stage may take. `infer` ends the wait for an arm; the others are counted when they take more. */
  readonly budgetsMs?: Partial<Readonly<Record<RequestStage, number>>> | undefined;
  /** Answers that are known already: `responseCache({ maxBytes })`. */
  readonly cache?: ResponseCache | undefined;
  /** Makes a breaker for each arm: `() => circuitBreaker()`. An arm whose circuit is open counts as one that fails. */
  readonly breaker?: ((arm: string) => CircuitBreaker) | undefined;
  /** What to do less well under load: `degradeLadder({ rungs })`. */
  readonly degrade?: DegradeLadder<I, O> | undefined;
  /** Copies for shadow arms that may be under way; newer ones are dropped. Default 256. */
  readonly maxShadows?: number | undefined;
  /**
   * How a shadow gets an input of its own, which the caller and other arms may change meanwhile. Default `structuredClone`;
   * what that cannot copy is dropped.
   */
  readonly copyInput?: ((input: I) => I) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Called with every decision, before its promise settles. Same as `endpoint.observe`. */
  readonly onDecision?: ((decision: DecisionRecord<I, O>) => void) | undefined;
  /** Keeps units on their arm when their identity changes (see `formerUnits`). Default: the hash alone decides. */
  readonly sticky?: StickyStore | undefined;
  /** Follow the source when it changes. Default true. */
  readonly watch?: boolean | undefined;
}

/** An endpoint that may abstain. */
export interface GuardedEndpointOptions<I, O> extends EndpointOptions<I, O> {
  /** Checks that may turn a request or an answer into an abstention. */
  readonly guards: readonly Guard<I, O>[];
}

/** Who answered. */
export interface ServedBy {
  /** `name@version` */
  readonly model: string;
  /** Of the artifact; undefined for a predictor. */
  readonly digest: Digest | undefined;
  readonly arm: string;
  /** Of the routing policy. */
  readonly epoch: number;
  readonly executionProvider: string;
  /** Rows of the run that answered. */
  readonly batch: number;
  /**
   * Why this is not the answer of the arm that the request would have gone to: the arm did not answer (`fallback`), or
   * the ladder says to ask a cheaper one (`arm`), to give an old answer (`stale`) or to ask none (`default`).
   */
  readonly degraded?: 'fallback' | 'arm' | 'stale' | 'default' | undefined;
  /** The answer to an equal request. */
  readonly cached: boolean;
}

/** An answer, the id under which outcomes are reported for it, and who gave it. */
export interface Prediction<O> {
  readonly output: O;
  readonly decisionId: DecisionId;
  readonly served: ServedBy;
}

/** One request as statistics, drift monitors and logs see it. */
export interface DecisionRecord<I = Row, O = Row> {
  readonly decisionId: DecisionId;
  readonly unit: string | undefined;
  /** The arm the policy chose, which is what experiments count by. */
  readonly armAssigned: string;
  /** The arm that answered; undefined when none did. */
  readonly armServed: string | undefined;
  readonly epoch: number;
  /** Probability with which the arm was chosen. */
  readonly share: number;
  /** False when the choice was not by unit. */
  readonly sticky: boolean;
  /** A copy for a shadow arm: nobody saw this answer. */
  readonly shadow: boolean;
  readonly status: 'answered' | 'fellBack' | 'abstained' | 'failed';
  /** When the request came, milliseconds since 1970. */
  readonly time: number;
  readonly latencyMs: number;
  readonly batch: number;
  readonly model: string | undefined;
  readonly digest: Digest | undefined;
  readonly input: I;
  readonly output: O | Abstained | undefined;
  readonly degraded?: ServedBy['degraded'];
  readonly cached?: boolean | undefined;
  /** Why the assigned arm did not answer. */
  readonly error?: unknown;
}

/** What an endpoint tells besides its answers. */
export interface EndpointEvents {
  /** An arm answers with another model now. */
  readonly swapped: {
    readonly arm: string;
    readonly model: string;
    readonly digest: Digest | undefined;
    readonly facts: EngineFacts;
  };
  /** A model could not be loaded, and the arm keeps the one it has; or the one before could not be closed. */
  readonly swapFailed: { readonly arm: string; readonly error: unknown };
  /** A request fell back to the champion. */
  readonly fellBack: { readonly arm: string; readonly error: unknown };
}

/** A model as an arm serves it. */
export interface ArmState {
  readonly name: string;
  readonly model: string;
  readonly digest: Digest | undefined;
  readonly facts: EngineFacts;
  readonly inFlight: number;
  /** Runs, rows and how long runs took: with the endpoint's latency, where the time goes. */
  readonly stats: EngineStats;
}

/** The arms of an endpoint. `champion` is always there. */
export interface Arms<I, O> {
  /** Loads and warms a model. The arm gets no traffic before a policy sends some. Replaces the arm's model if it has one. */
  prepare(name: string, source: ArmSource<I, O>): Promise<ArmState>;
  /** Makes the arm's model the champion, without loading it again. The arm stays. @throws `state/not-found` */
  promote(name: string): ArmState;
  /** Takes the arm away; requests under way are answered first. The champion cannot be removed. */
  remove(name: string): Promise<void>;
  get(name: string): ArmState | undefined;
  readonly names: readonly string[];
}

/** Counts since the endpoint was made. Copies for shadow arms are not requests. */
export interface EndpointStats {
  readonly requests: number;
  /** Requests that no arm answered in time. */
  readonly failed: number;
  /** Requests that were turned away at the door: contract, context, or closed. */
  readonly refused: number;
  /** Requests that wait for their answer now, copies for shadow arms included. */
  readonly inFlight: number;
  /** Copies for shadow arms that were dropped because too many were under way. */
  readonly shadowsDropped: number;
  /** Milliseconds from request to answer. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly count: number };
  /** Milliseconds of each stage that was passed, and how often it took more than its budget. */
  readonly stages: ReadonlyMap<RequestStage, StageSummary>;
}

/** A model behind a door that keeps its deadline: contract, guards, routing, batching, fallback, records. */
export interface Endpoint<I = Row, O = Row> extends Predictor<I, Prediction<O>>, Closable {
  /**
   * @throws `contract/violated`, `serving/deadline`, `serving/overloaded`, `serving/model-failed`, `state/closed`, or the signal's reason
   */
  predict(input: I, context?: RequestContext): Promise<Prediction<O>>;
  readonly arms: Arms<I, O>;
  readonly champion: ArmState & {
    /** Loads the new model, warms it, moves traffic over, drains and closes the old one. No request is lost. */
    swap(source: ArmSource<I, O>): Promise<ArmState>;
  };
  /** Routes requests by this policy from now on. Undefined: everything to the champion. */
  setPolicy(policy: CompiledPolicy | undefined): void;
  readonly policy: CompiledPolicy | undefined;
  /** Calls `observer` with every decision, synchronously, until the returned function is called. */
  observe(observer: (decision: DecisionRecord<I, O>) => void): () => void;
  /** Where to report what became of decisions, whenever it is known: rollouts and monitors listen here. */
  readonly outcomes: Outcomes;
  readonly events: EventSource<EndpointEvents>;
  stats(): EndpointStats;
}
