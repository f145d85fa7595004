import type { DecisionId, Digest, RequestContext } from '@millwright/core';
import type { Task } from '../engine/types.js';
import type { Abstained } from '../guard/types.js';
import type { Route } from '../routing/index.js';
import type { Timed } from './deadlines.js';
import type { Handle } from './handle.js';
import type { Prediction, ServedBy } from './types.js';

/** What a pending request tells when something happened to it. */
export interface PendingHost<I, O> {
  answered(request: PendingRequest<I, O>, output: O, batch: number, at?: number): void;
  failed(request: PendingRequest<I, O>, error: unknown): void;
}

/** A request between `predict` and its answer. A class, because thousands live at once and each is touched by four rooms. */
export class PendingRequest<I, O> implements Task<I, O>, Timed {
  /** As a task of the assigned arm: nobody wants that arm's answer any more. */
  settled = false;
  /** The promise has its answer. */
  done = false;
  /** Until when the arm that is asked now may answer. */
  deadlineAt: number;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  /** The arm that is asked now, and what it runs. */
  arm: string;
  handle: Handle<I, O> | undefined = undefined;
  /** Why the assigned arm did not answer. */
  error: unknown = undefined;
  fellBack = false;
  /** Why the answer is not that of the arm that the policy chose. */
  degraded: ServedBy['degraded'] = undefined;
  cached = false;
  /** Others wait for what this request gets. */
  leads: Digest | undefined = undefined;
  /** When the model was asked, of the monotonic clock. */
  askedAt: number;
  /** The arm's breaker waits to hear how this ended. */
  tries = false;
  onAbort: (() => void) | undefined = undefined;
  resolve: (prediction: Prediction<O | Abstained>) => void = nothing;
  reject: (error: unknown) => void = nothing;

  readonly host: PendingHost<I, O>;
  readonly input: I;
  readonly context: RequestContext;
  readonly decisionId: DecisionId;
  readonly route: Route;
  readonly shadow: boolean;
  readonly time: number;
  readonly arrivedAt: number;
  /** Until when anybody may answer. */
  readonly endsAt: number;

  constructor(
    host: PendingHost<I, O>,
    input: I,
    context: RequestContext,
    facts: {
      readonly decisionId: DecisionId;
      readonly route: Route;
      readonly shadow: boolean;
      readonly time: number;
      readonly arrivedAt: number;
      readonly deadlineAt: number;
      readonly endsAt: number;
    },
  ) {
    this.host = host;
    this.input = input;
    this.context = context;
    this.decisionId = facts.decisionId;
    this.route = facts.route;
    this.arm = facts.route.arm;
    this.shadow = facts.shadow;
    this.time = facts.time;
    this.arrivedAt = facts.arrivedAt;
    this.askedAt = facts.arrivedAt;
    this.deadlineAt = facts.deadlineAt;
    this.endsAt = facts.endsAt;
  }

  succeed(output: O, batch: number, at?: number): void {
    // An arm that was given up may still answer.
    if (!this.fellBack) this.host.answered(this, output, batch, at);
  }

  fail(error: unknown): void {
    if (!this.fellBack) this.host.failed(this, error);
  }
}

/** The champion's try at a request that its own arm did not answer: another task, so that the two cannot be mistaken. */
export class FallbackTask<I, O> implements Task<I, O> {
  readonly request: PendingRequest<I, O>;

  constructor(request: PendingRequest<I, O>) {
    this.request = request;
  }

  get settled(): boolean {
    return this.request.done;
  }

  get input(): I {
    return this.request.input;
  }

  get context(): RequestContext {
    return this.request.context;
  }

  get deadlineAt(): number {
    return this.request.endsAt;
  }

  succeed(output: O, batch: number, at?: number): void {
    this.request.host.answered(this.request, output, batch, at);
  }

  fail(error: unknown): void {
    this.request.host.failed(this.request, error);
  }
}

function nothing(): void {}
