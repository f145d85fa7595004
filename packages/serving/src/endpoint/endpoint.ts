import {
  closable,
  defined,
  eventHub,
  isMillwrightError,
  type RequestContext,
  type ResolvedModel,
  systemClock,
  systemRandom,
} from '@millwright/core';
import { type Contract, checkInput, type InputOf, type OutputOf, violated } from '@millwright/core/contract';
import { latencyHistogram, stageTimer } from '@millwright/core/telemetry';
import type { Task } from '../engine/types.js';
import type { Abstained } from '../guard/types.js';
import { outcomeHub } from '../outcome/index.js';
import { type CompiledPolicy, type Route, routeRequest, shadowPoint } from '../routing/index.js';
import { armBreakers } from './arm-breakers.js';
import { type ArmSet, armSet, CHAMPION, stateOf } from './arms.js';
import { cacheLine } from './cache-line.js';
import { checkContext, readable, unreadable } from './check-context.js';
import { deadlines } from './deadlines.js';
import { decisionFeed } from './decision-feed.js';
import { decisionIds } from './decision-ids.js';
import { answerWithoutModel, changesAnswers } from './degrade.js';
import { followSource } from './follow-source.js';
import { guardChain } from './guard-chain.js';
import { type Handle, isPredictor, loadHandle, loadResolved } from './handle.js';
import { FallbackTask, type PendingHost, PendingRequest } from './pending.js';
import { circuitOpen, endpointClosed, expired, noSuchArm, withoutInput } from './refusals.js';
import { rejectSoon } from './reject-soon.js';
import type {
  DecisionRecord,
  Endpoint,
  EndpointEvents,
  EndpointOptions,
  GuardedEndpointOptions,
  Prediction,
  RequestStage,
  Row,
} from './types.js';

/**
 * Loads, warms and serves the champion; resolves when it is ready. The endpoint keeps deadlines, batches concurrent
 * requests, routes by the policy it is given, falls back to the champion when another arm fails, and tells observers
 * about every decision.
 *
 * @throws what resolving and loading throws: `serving/no-provider`, `serving/untrusted-model`, `artifact/mismatch` …
 * @example
 * const endpoint = await createEndpoint({ model: registry.alias('flight-delay', 'champion'), runtime: onnx(), deadlineMs: 50 });
 * const { output, served } = await endpoint.predict({ hour: 17, miles: 405 }, { unit: 'N123AA' });
 */
export function createEndpoint<I = Row, O = Row>(
  options: GuardedEndpointOptions<I, O>,
): Promise<Endpoint<I, O | Abstained>>;
export function createEndpoint<C extends Contract>(
  options: EndpointOptions<InputOf<C>, OutputOf<C>> & { readonly contract: C },
): Promise<Endpoint<InputOf<C>, OutputOf<C>>>;
export function createEndpoint<I = Row, O = Row>(options: EndpointOptions<I, O>): Promise<Endpoint<I, O>>;
export async function createEndpoint<I, O>(
  options: EndpointOptions<I, O> & Partial<GuardedEndpointOptions<I, O>>,
): Promise<Endpoint<I, O | Abstained>> {
  const { cache, degrade, budgetsMs = {}, copyInput = structuredClone } = options;
  const { deadlineMs, fallbackAfter, maxShadows, clock, random, watch } = { ...DEFAULTS, ...defined(options) };
  const events = eventHub<EndpointEvents>();
  const load = (source: EndpointOptions<I, O>['model']) => loadHandle(source, options, (digest) => arms.known(digest));
  const nextId = decisionIds(random);
  const reject = rejectSoon();
  const latency = latencyHistogram();
  const stages = stageTimer<RequestStage>({ budgetsMs });
  const guards = guardChain<I, O>(options.guards ?? []);
  const breakers = armBreakers<I, O>(options.breaker);
  const feed = decisionFeed<I, O>();
  if (options.onDecision !== undefined) feed.add(options.onDecision);
  const pending = deadlines<PendingRequest<I, O>>(clock, (request) => failed(request, expired(request)));
  const arms: ArmSet<I, O> = armSet(await loadHandle(options.model, options, () => undefined), load, events);
  const stopWatching = new AbortController();
  const counts = { requests: 0, failed: 0, refused: 0, shadows: 0, shadowsDropped: 0 };
  let policy: CompiledPolicy | undefined;
  let closed = false;

  function predict(input: I, context: RequestContext = NO_CONTEXT): Promise<Prediction<O | Abstained>> {
    counts.requests++;
    try {
      if (closed) throw endpointClosed();
      checkContext(context);
      if (context.signal?.aborted) return Promise.reject(context.signal.reason);
      return accept(input, context);
    } catch (error) {
      counts.refused++;
      return Promise.reject(error);
    }
  }

  /** @throws before anything is under way */
  function accept(input: I, context: RequestContext): Promise<Prediction<O | Abstained>> {
    const contract: Contract | undefined = options.contract ?? arms.champion.contract;
    let value = input;
    let arm: string | undefined;
    let missing: string | undefined;
    if (contract !== undefined) {
      const startedAt = clock.monotonic();
      const checked = readable(() => checkInput(contract, input));
      stages.record('check', clock.monotonic() - startedAt);
      if (!checked.ok) throw violated(checked.violations);
      value = checked.value as I;
      for (const { field, fallback } of checked.fallbacks) {
        if (fallback.kind === 'arm') arm = fallback.arm;
        if (fallback.kind === 'abstain') missing = field;
      }
    }
    const request = admit(value, context, arm);
    const promise = new Promise<Prediction<O | Abstained>>((yes, no) => {
      request.resolve = yes;
      request.reject = no;
    });
    start(request, context.signal, missing);
    return promise;
  }

  function admit(input: I, context: RequestContext, arm: string | undefined): PendingRequest<I, O> {
    const time = clock.now();
    const decisionId = context.decisionId ?? nextId(time);
    const arrivedAt = clock.monotonic();
    const allowedMs = context.deadlineAt === undefined ? deadlineMs : context.deadlineAt - time;
    const chosen = policy === undefined ? TO_CHAMPION : routeRequest(policy, context, decisionId, time, options.sticky);
    // A missing modality names the arm that can do without it; that is no experiment, so it is not sticky.
    // Neither is an arm that the ladder names, nor an answer that it changes.
    const rung = degrade?.rung();
    const taken =
      arm === undefined && (rung === undefined || !changesAnswers(rung))
        ? chosen
        : { arm: arm ?? rung?.arm ?? chosen.arm, epoch: chosen.epoch, share: 1, sticky: false };
    const armMs = Math.min(
      taken.arm === CHAMPION ? allowedMs : allowedMs * fallbackAfter,
      budgetsMs.infer ?? allowedMs,
    );
    return new PendingRequest(host, input, context, {
      decisionId,
      route: taken,
      shadow: false,
      time,
      arrivedAt,
      // What an arm leaves of the time is the champion's.
      deadlineAt: arrivedAt + armMs,
      endsAt: arrivedAt + allowedMs,
    });
  }

  function start(request: PendingRequest<I, O>, signal: AbortSignal | undefined, missing: string | undefined): void {
    pending.add(request);
    if (signal !== undefined) {
      request.onAbort = () => finishFailed(request, signal.reason);
      signal.addEventListener('abort', request.onAbort, { once: true });
    }
    const reason = missing === undefined ? askGuards(request) : withoutInput(missing);
    if (request.endsAt <= request.arrivedAt) finishFailed(request, expired(request));
    else if (reason !== undefined) finish(request, reason, 0, 'abstained');
    else serve(request);
  }

  function askGuards(request: PendingRequest<I, O>): Abstained | undefined {
    if (guards.size === 0) return undefined;
    const reason = guards.input(request.input);
    stages.record('guard', clock.monotonic() - request.arrivedAt);
    return reason;
  }

  function serve(request: PendingRequest<I, O>): void {
    const rung = degrade?.rung();
    if (rung?.arm !== undefined && rung.arm === request.route.arm) request.degraded = 'arm';
    const answer = rung && answerWithoutModel(rung, request.input);
    if (answer !== undefined) {
      request.degraded = 'default';
      finish(request, answer, 0, 'answered');
    } else if (!line?.ask(request, rung?.stale ?? false)) submit(request, request.route.arm);
  }

  /** An arm that is not there counts as one that fails: its requests go to the champion and its statistics know. */
  function submit(request: PendingRequest<I, O>, arm: string): void {
    const handle = arms.handle(arm);
    if (handle === undefined) failed(request, noSuchArm(arm));
    else {
      request.arm = arm;
      request.handle = handle;
      ask(request, handle, request);
    }
  }

  function ask(request: PendingRequest<I, O>, handle: Handle<I, O>, task: Task<I, O>): void {
    // Reading the clock is a good part of what a request costs: only after something that takes time.
    if (guards.size > 0 || line !== undefined || request.fellBack) request.askedAt = clock.monotonic();
    const waitMs = breakers.ask(request);
    if (waitMs > 0) failed(request, circuitOpen(request.arm, waitMs));
    else {
      try {
        handle.engine.submit(task, request.askedAt);
      } catch (error) {
        // A codec that looks at the input before it is queued may stumble over it.
        failed(request, unreadable(error));
      }
    }
  }

  function answered(request: PendingRequest<I, O>, output: O, batch: number, now = clock.monotonic()): void {
    if (request.done) return;
    breakers.answered(request);
    if (!request.shadow && !request.cached) stages.record('infer', now - request.askedAt);
    const reason = guards.output(output, request.input);
    const endedAt = guards.size > 0 ? clock.monotonic() : now;
    if (guards.size > 0) stages.record('verify', endedAt - now);
    if (reason !== undefined) finish(request, reason, batch, 'abstained', endedAt);
    else finish(request, output, batch, request.fellBack ? 'fellBack' : 'answered', endedAt);
  }

  function failed(request: PendingRequest<I, O>, error: unknown): void {
    if (request.done) return;
    breakers.failed(request, error);
    if (isMillwrightError(error, 'serving/deadline')) waitedInVain(request);
    const mayFallBack = !request.fellBack && !request.shadow && request.route.arm !== CHAMPION;
    if (mayFallBack && clock.monotonic() < request.endsAt) fallBack(request, error);
    else finishFailed(request, isMillwrightError(error, 'serving/deadline') ? expired(request) : error);
  }

  /** Where the budget set the deadline it was exceeded, also when the queue saw it coming. */
  function waitedInVain(request: PendingRequest<I, O>): void {
    if (request.shadow || request.handle === undefined) return;
    const over = request.deadlineAt === request.arrivedAt + (budgetsMs.infer ?? Number.NaN);
    stages.record('infer', clock.monotonic() - request.askedAt, over);
  }

  function fallBack(request: PendingRequest<I, O>, error: unknown): void {
    const { champion } = arms;
    request.fellBack = true;
    request.degraded = 'fallback';
    request.settled = true;
    request.error = error;
    request.arm = CHAMPION;
    request.handle = champion;
    pending.remove(request);
    request.deadlineAt = request.endsAt;
    pending.add(request);
    events.emit('fellBack', { arm: request.route.arm, error });
    line?.settle(request, undefined);
    ask(request, champion, new FallbackTask(request));
  }

  function finish(
    request: PendingRequest<I, O>,
    output: O | Abstained,
    batch: number,
    status: DecisionRecord['status'],
    endedAt = clock.monotonic(),
  ): void {
    release(request);
    const { decisionId, handle, arm, route: chosen, degraded, cached } = request;
    const latencyMs = endedAt - request.arrivedAt;
    if (!request.shadow) {
      latency.record(latencyMs);
      degrade?.ended(true, latencyMs);
    }
    if (feed.size > 0) feed.tell(request, { status, output, batch, latencyMs });
    const serving = handle ?? arms.champion;
    const served = serving.servedBy({ arm, epoch: chosen.epoch, batch, degraded, cached });
    line?.settle(request, status === 'answered' ? { output } : undefined);
    request.resolve({ output, decisionId, served });
    if (degrade?.rung()?.shadows === false) return;
    if (policy?.policy.shadows !== undefined && !request.shadow) copyToShadows(request, policy);
  }

  function finishFailed(request: PendingRequest<I, O>, error: unknown): void {
    if (request.done) return;
    release(request);
    if (!request.shadow) counts.failed++;
    request.error ??= error;
    if (degrade !== undefined || feed.size > 0) tellOfFailure(request, error);
    line?.settle(request, undefined);
    reject(request.reject, error);
  }

  function tellOfFailure(request: PendingRequest<I, O>, error: unknown): void {
    const latencyMs = clock.monotonic() - request.arrivedAt;
    if (!request.shadow && isShed(error)) degrade?.ended(false, latencyMs);
    if (feed.size > 0) feed.tell(request, { status: 'failed', output: undefined, batch: 0, latencyMs });
  }

  function release(request: PendingRequest<I, O>): void {
    request.settled = true;
    request.done = true;
    breakers.left(request);
    pending.remove(request);
    if (request.shadow) counts.shadows--;
    if (request.onAbort !== undefined) request.context.signal?.removeEventListener('abort', request.onAbort);
  }

  function copyOf(input: I): { readonly value: I } | undefined {
    try {
      return { value: copyInput(input) };
    } catch {
      return undefined;
    }
  }

  /** Off the path: after the answer, dropped when too many copies are under way. */
  function copyToShadows(request: PendingRequest<I, O>, compiled: CompiledPolicy): void {
    const { epoch, policy: data } = compiled;
    const at = shadowPoint(compiled, request.context.unit ?? request.decisionId);
    for (const { arm, share } of data.shadows ?? []) {
      if (at >= share) continue;
      if (counts.shadows >= maxShadows || arms.handle(arm) === undefined) {
        counts.shadowsDropped++;
        continue;
      }
      const input = copyOf(request.input);
      if (input === undefined) {
        counts.shadowsDropped++;
        continue;
      }
      counts.shadows++;
      const arrivedAt = clock.monotonic();
      const { decisionId, time, route: original } = request;
      const chosen: Route = { arm, epoch, share, sticky: original.sticky };
      const endsAt = arrivedAt + deadlineMs;
      const facts = { decisionId, route: chosen, shadow: true, time, arrivedAt, deadlineAt: endsAt, endsAt };
      const copy = new PendingRequest(host, input.value, { unit: request.context.unit, effects: 'none' }, facts);
      pending.add(copy);
      submit(copy, arm);
    }
  }

  const host: PendingHost<I, O> = { answered, failed };
  const line =
    cache === undefined
      ? undefined
      : cacheLine<I, O>(cache, {
          handle: arms.handle,
          lead: (request) => submit(request, request.route.arm),
          found: (request, output) => answered(request, output, 0),
        });
  const adopt = (resolved: ResolvedModel) =>
    arms.replace(CHAMPION, () => loadResolved(resolved, options, (digest) => arms.known(digest)));
  if (watch && !isPredictor(options.model))
    void followSource(
      options.model,
      adopt,
      (error) => events.emit('swapFailed', { arm: CHAMPION, error }),
      stopWatching.signal,
    );

  return {
    ...closable(async () => {
      closed = true;
      stopWatching.abort();
      await pending.empty();
      await arms.close();
    }),
    predict,
    arms,
    events,
    get champion() {
      const swap = (source: EndpointOptions<I, O>['model']) => arms.replace(CHAMPION, () => load(source));
      return { ...stateOf(CHAMPION, arms.champion), swap };
    },
    setPolicy(next) {
      policy = next;
    },
    get policy() {
      return policy;
    },
    observe: feed.add,
    outcomes: outcomeHub(),
    stats: () => ({
      requests: counts.requests,
      failed: counts.failed,
      refused: counts.refused,
      inFlight: pending.size,
      shadowsDropped: counts.shadowsDropped,
      latency: latency.summary(),
      stages: stages.summary(),
    }),
  };
}

const DEFAULTS = {
  deadlineMs: 1_000,
  fallbackAfter: 0.5,
  maxShadows: 256,
  clock: systemClock,
  random: systemRandom,
  watch: true,
};
const NO_CONTEXT: RequestContext = Object.freeze({});
const TO_CHAMPION: Route = Object.freeze({ arm: CHAMPION, epoch: 0, share: 1, sticky: false });

/** Turned away or late: what the ladder is there to prevent. */
function isShed(error: unknown): boolean {
  return isMillwrightError(error, 'serving/overloaded') || isMillwrightError(error, 'serving/deadline');
}
