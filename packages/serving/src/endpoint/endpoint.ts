import {
  closable,
  defined,
  eventHub,
  isMillwrightError,
  MillwrightError,
  type ModelSource,
  type RequestContext,
  type ResolvedModel,
  systemClock,
  systemRandom,
} from '@millwright/core';
import { type Contract, checkInput, type InputOf, type OutputOf, violated } from '@millwright/core/contract';
import { latencyHistogram } from '@millwright/core/telemetry';
import type { Abstained } from '../guard/types.js';
import { outcomeHub } from '../outcome/index.js';
import { type CompiledPolicy, type Route, routeRequest, shadowPoint } from '../routing/index.js';
import { type ArmSet, armSet, CHAMPION, stateOf } from './arms.js';
import { deadlines } from './deadlines.js';
import { decisionFeed } from './decision-feed.js';
import { decisionIds } from './decision-ids.js';
import { isPredictor, loadHandle, loadResolved } from './handle.js';
import { FallbackTask, type PendingHost, PendingRequest } from './pending.js';
import type {
  DecisionRecord,
  Endpoint,
  EndpointEvents,
  EndpointOptions,
  GuardedEndpointOptions,
  Prediction,
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
  const {
    guards = [],
    deadlineMs,
    fallbackAfter,
    maxShadows,
    clock,
    random,
    watch,
  } = { ...DEFAULTS, ...defined(options) };
  const events = eventHub<EndpointEvents>();
  const load = (source: EndpointOptions<I, O>['model']) => loadHandle(source, options, (digest) => arms.known(digest));
  const nextId = decisionIds(clock, random);
  const latency = latencyHistogram();
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
    if (closed) return Promise.reject(endpointClosed());
    const { signal } = context;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const contract: Contract | undefined = options.contract ?? arms.champion.contract;
    let value = input;
    let arm: string | undefined;
    let missing: string | undefined;
    if (contract !== undefined) {
      const checked = checkInput(contract, input);
      if (!checked.ok) {
        counts.refused++;
        return Promise.reject(violated(checked.violations));
      }
      value = checked.value as I;
      for (const { field, fallback } of checked.fallbacks) {
        if (fallback.kind === 'arm') arm = fallback.arm;
        if (fallback.kind === 'abstain') missing = field;
      }
    }
    const request = admit(value, context, arm);
    const promise = new Promise<Prediction<O | Abstained>>((resolve, reject) => {
      request.resolve = resolve;
      request.reject = reject;
    });
    start(request, signal, missing);
    return promise;
  }

  function admit(input: I, context: RequestContext, arm: string | undefined): PendingRequest<I, O> {
    const decisionId = context.decisionId ?? nextId();
    const time = clock.now();
    const arrivedAt = clock.monotonic();
    const allowedMs = context.deadlineAt === undefined ? deadlineMs : context.deadlineAt - time;
    const chosen = policy === undefined ? TO_CHAMPION : routeRequest(policy, context, decisionId, time, options.sticky);
    // A missing modality names the arm that can do without it; that is no experiment, so it is not sticky.
    const taken = arm === undefined ? chosen : { arm, epoch: chosen.epoch, share: 1, sticky: false };
    return new PendingRequest(host, input, context, {
      decisionId,
      route: taken,
      shadow: false,
      time,
      arrivedAt,
      // What an arm leaves of the time is the champion's.
      deadlineAt: arrivedAt + (taken.arm === CHAMPION ? allowedMs : allowedMs * fallbackAfter),
      endsAt: arrivedAt + allowedMs,
    });
  }

  function start(request: PendingRequest<I, O>, signal: AbortSignal | undefined, missing: string | undefined): void {
    pending.add(request);
    if (signal !== undefined) {
      request.onAbort = () => finishFailed(request, signal.reason);
      signal.addEventListener('abort', request.onAbort, { once: true });
    }
    const reason = missing === undefined ? askInput(request.input) : withoutInput(missing);
    if (request.endsAt <= request.arrivedAt) finishFailed(request, expired(request));
    else if (reason !== undefined) finish(request, reason, 0, 'abstained');
    else submit(request, request.route.arm);
  }

  /** An arm that is not there counts as one that fails: its requests go to the champion and its statistics know. */
  function submit(request: PendingRequest<I, O>, arm: string): void {
    const handle = arms.handle(arm);
    if (handle === undefined) {
      failed(request, noSuchArm(arm));
    } else {
      request.arm = arm;
      request.handle = handle;
      handle.engine.submit(request);
    }
  }

  function answered(request: PendingRequest<I, O>, output: O, batch: number): void {
    if (request.done) return;
    const reason = guards.length === 0 ? undefined : firstReason((guard) => guard.output?.(output, request.input));
    if (reason !== undefined) finish(request, reason, batch, 'abstained');
    else finish(request, output, batch, request.fellBack ? 'fellBack' : 'answered');
  }

  function failed(request: PendingRequest<I, O>, error: unknown): void {
    if (request.done) return;
    const mayFallBack = !request.fellBack && !request.shadow && request.route.arm !== CHAMPION;
    if (mayFallBack && clock.monotonic() < request.endsAt) fallBack(request, error);
    else finishFailed(request, isMillwrightError(error, 'serving/deadline') ? expired(request) : error);
  }

  function fallBack(request: PendingRequest<I, O>, error: unknown): void {
    const { champion } = arms;
    request.fellBack = true;
    request.settled = true;
    request.error = error;
    request.arm = CHAMPION;
    request.handle = champion;
    pending.remove(request);
    request.deadlineAt = request.endsAt;
    pending.add(request);
    events.emit('fellBack', { arm: request.route.arm, error });
    champion.engine.submit(new FallbackTask(request));
  }

  function finish(
    request: PendingRequest<I, O>,
    output: O | Abstained,
    batch: number,
    status: DecisionRecord['status'],
  ): void {
    release(request);
    const { decisionId, handle, arm, route: chosen } = request;
    const latencyMs = clock.monotonic() - request.arrivedAt;
    if (!request.shadow) latency.record(latencyMs);
    if (feed.size > 0) feed.tell(request, { status, output, batch, latencyMs });
    const serving = handle ?? arms.champion;
    request.resolve({ output, decisionId, served: serving.servedBy(arm, chosen.epoch, batch, request.fellBack) });
    if (policy?.policy.shadows !== undefined && !request.shadow) copyToShadows(request, policy);
  }

  function finishFailed(request: PendingRequest<I, O>, error: unknown): void {
    if (request.done) return;
    release(request);
    if (!request.shadow) counts.failed++;
    request.error ??= error;
    const latencyMs = clock.monotonic() - request.arrivedAt;
    if (feed.size > 0) feed.tell(request, { status: 'failed', output: undefined, batch: 0, latencyMs });
    request.reject(error);
  }

  function release(request: PendingRequest<I, O>): void {
    request.settled = true;
    request.done = true;
    pending.remove(request);
    if (request.shadow) counts.shadows--;
    if (request.onAbort !== undefined) request.context.signal?.removeEventListener('abort', request.onAbort);
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
      counts.shadows++;
      const arrivedAt = clock.monotonic();
      const { decisionId, time, route: original } = request;
      const chosen: Route = { arm, epoch, share, sticky: original.sticky };
      const endsAt = arrivedAt + deadlineMs;
      const facts = { decisionId, route: chosen, shadow: true, time, arrivedAt, deadlineAt: endsAt, endsAt };
      const copy = new PendingRequest(host, request.input, { unit: request.context.unit }, facts);
      pending.add(copy);
      submit(copy, arm);
    }
  }

  function askInput(input: I): Abstained | undefined {
    return guards.length === 0 ? undefined : firstReason((guard) => guard.input?.(input));
  }

  function firstReason(ask: (guard: (typeof guards)[number]) => string | undefined): Abstained | undefined {
    for (const guard of guards) {
      let reason: string | undefined;
      try {
        reason = ask(guard);
      } catch (error) {
        // A guard that cannot say yes has not said yes.
        reason = `The guard failed: ${error instanceof Error ? error.message : String(error)}`;
      }
      if (reason !== undefined) return { abstained: true, guard: guard.name, reason };
    }
    return undefined;
  }

  const host: PendingHost<I, O> = { answered, failed };
  const adopt = (resolved: ResolvedModel) =>
    arms.replace(CHAMPION, () => loadResolved(resolved, options, (digest) => arms.known(digest)));
  if (watch && !isPredictor(options.model)) void follow(options.model, adopt, events, stopWatching.signal);

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

/** Swaps the champion each time its source changes. A model that does not load leaves the old one serving. */
async function follow(
  source: ModelSource,
  adopt: (model: ResolvedModel) => Promise<unknown>,
  events: { emit(name: 'swapFailed', event: EndpointEvents['swapFailed']): void },
  signal: AbortSignal,
): Promise<void> {
  const report = (error: unknown) => {
    if (!signal.aborted) events.emit('swapFailed', { arm: CHAMPION, error });
  };
  try {
    for await (const resolved of source.watch?.({ signal }) ?? []) await adopt(resolved).catch(report);
  } catch (error) {
    report(error);
  }
}

function expired(request: {
  readonly endsAt: number;
  readonly arrivedAt: number;
}): MillwrightError<'serving/deadline'> {
  const deadlineMs = Math.max(0, request.endsAt - request.arrivedAt);
  return new MillwrightError('serving/deadline', `No answer within ${deadlineMs} ms.`, {
    details: { deadlineMs, stage: 'infer' },
  });
}

function withoutInput(field: string): Abstained {
  return {
    abstained: true,
    guard: 'contract',
    reason: `The input \`${field}\` is missing, and the contract says to abstain.`,
  };
}

function noSuchArm(arm: string): MillwrightError<'state/not-found'> {
  return new MillwrightError(
    'state/not-found',
    `The policy sends requests to the arm \`${arm}\`, which was not prepared.`,
    {
      details: { what: 'arm', id: arm },
    },
  );
}

function endpointClosed(): MillwrightError<'state/closed'> {
  return new MillwrightError('state/closed', 'The endpoint was closed.', { details: { what: 'endpoint' } });
}
