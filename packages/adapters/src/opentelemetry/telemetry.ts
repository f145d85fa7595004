import { type DecisionId, hexOf, idSource, isMillwrightError, type RequestContext } from '@millwright/core';
import type { DecisionRecord, Endpoint, Prediction } from '@millwright/serving';
import type { Rollout, RolloutHubEvents } from '@millwright/serving/rollout';
import type { CompiledPolicy } from '@millwright/serving/routing';
import type { Attributes, Meter, Span, Tracer } from '@opentelemetry/api';
import { flagReason } from '../shared/flag-reason.js';
import { peer } from '../shared/peer.js';
import { FLAG, INFERENCE } from './convention.js';

/** Spans, metrics and events of a factory, for whichever OpenTelemetry SDK the application has set up, or for none. */
export interface Telemetry {
  /**
   * The endpoint with a span around every prediction, under the span that is active when `predict` is called. Decisions,
   * also those of shadow arms, are measured, and each choice of an arm is an event of a flag's evaluation.
   */
  endpoint<I, O>(name: string, endpoint: Endpoint<I, O>): TracedEndpoint<I, O>;
  /** A span for every event of a rollout, until the returned function is called. */
  rollout(rollout: Pick<Rollout, 'id' | 'state' | 'events'>): () => void;
}

/** An endpoint whose predictions are spans and metrics. */
export interface TracedEndpoint<I, O> extends Endpoint<I, O> {
  /** Goes on serving, without measuring. */
  stopObserving(): void;
}

/** Which tracer, meter and logger get what an endpoint does. */
export interface TelemetryOptions {
  /** Default: of the global provider, by the name `@millwright/serving`. */
  readonly tracer?: Tracer | undefined;
  /** Default: of the global provider, by the same name. */
  readonly meter?: Meter | undefined;
  /** A logger of `@opentelemetry/api-logs` for events of flags. Default: they become events of the prediction's span. */
  readonly logger?: FlagEventLogger | undefined;
  /** What stands for a unit in events of flags, such as a salted hash. Default: units are left out. */
  readonly contextId?: ((unit: string) => string) | undefined;
}

/** The part of OpenTelemetry's `Logger` that is used. */
export interface FlagEventLogger {
  emit(record: { readonly eventName: string; readonly attributes: Attributes }): void;
}

/**
 * Connects to OpenTelemetry through its API only. Without an SDK every call is the API's own no-op.
 * @throws `peer/missing` without `@opentelemetry/api`
 * @example
 * const telemetry = await openTelemetry();
 * const endpoint = telemetry.endpoint('fraud', await createEndpoint({ model, runtime: onnx() }));
 */
export async function openTelemetry(options: TelemetryOptions = {}): Promise<Telemetry> {
  const { context, INVALID_SPAN_CONTEXT, metrics, SpanKind, SpanStatusCode, trace } = await peer(
    '@opentelemetry/api',
    () => import('@opentelemetry/api'),
  );
  const { tracer = trace.getTracer(SCOPE, INFERENCE.version), meter = metrics.getMeter(SCOPE, INFERENCE.version) } =
    options;
  const nextId = idSource();
  const duration = meter.createHistogram(INFERENCE.duration, {
    unit: 's',
    description: 'Time from request to answer.',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
  const batchSize = meter.createHistogram(INFERENCE.batchSize, { unit: '{row}', description: 'Rows of the run.' });
  const transitions = meter.createCounter(INFERENCE.transitions, { description: 'What happened to rollouts.' });

  function fail(span: Span, error: unknown): void {
    span.setAttribute(INFERENCE.attribute.errorType, errorType(error));
    // No message: it may hold what the caller sent.
    span.setStatus({ code: SpanStatusCode.ERROR });
  }

  return {
    endpoint(name, endpoint) {
      type I = Parameters<typeof endpoint.predict>[0];
      type O = Awaited<ReturnType<typeof endpoint.predict>>['output'];
      const spans = new Map<DecisionId, Span>();
      const labels = labelCache(name);
      const spanName = `${INFERENCE.span} ${name}`;
      const spanOptions = { kind: SpanKind.INTERNAL };

      const stopObserving = endpoint.observe((decision) => {
        const attributes = labels(decision);
        duration.record(decision.latencyMs / 1_000, attributes);
        if (decision.batch > 0) batchSize.record(decision.batch, attributes);
        const span = decision.shadow ? undefined : spans.get(decision.decisionId);
        span?.setAttributes(attributes).setAttribute(INFERENCE.attribute.decision, decision.decisionId);
        if (decision.shadow || endpoint.policy === undefined) return;
        if (options.logger === undefined && span === undefined) return;
        const event = flagEvent(name, endpoint.policy, decision, options);
        if (options.logger === undefined) span?.addEvent(FLAG.event, event);
        else options.logger.emit({ eventName: FLAG.event, attributes: event });
      });

      function predict(input: I, request: RequestContext = {}): Promise<Prediction<O>> {
        const span = tracer.startSpan(spanName, spanOptions);
        // The API's own no-op: there is no SDK, and no trace to go on with.
        if (span.spanContext() === INVALID_SPAN_CONTEXT) return endpoint.predict(input, request);
        const active = trace.setSpan(context.active(), span);
        // Not sampled: what is below still belongs to it, but nobody will read it.
        if (!span.isRecording()) return context.with(active, () => endpoint.predict(input, request));
        const decisionId = request.decisionId ?? nextId<DecisionId>();
        spans.set(decisionId, span);
        const ended = (error?: unknown) => {
          spans.delete(decisionId);
          if (error !== undefined) fail(span, error);
          span.end();
        };
        const answer = context.with(active, () => endpoint.predict(input, { ...request, decisionId }));
        answer.then(({ served }) => {
          span.setAttribute(INFERENCE.attribute.executionProvider, served.executionProvider);
          ended();
        }, ended);
        return answer;
      }
      // The endpoint itself, whose getters must stay getters, with another `predict`.
      return Object.create(endpoint, { predict: { value: predict }, stopObserving: { value: stopObserving } });
    },

    rollout({ id, state, events }) {
      const stops = ROLLOUT_EVENTS.map((event) =>
        events.on(event, (said) => {
          const attributes = { [INFERENCE.attribute.rollout]: id, [INFERENCE.attribute.model]: state.model };
          transitions.add(1, { ...attributes, [INFERENCE.attribute.rolloutEvent]: event });
          const span = tracer.startSpan(`rollout ${event}`, { attributes });
          if ('because' in said) span.setAttribute(INFERENCE.attribute.rolloutReason, said.because.sentence);
          if ('error' in said) fail(span, said.error);
          span.end();
        }),
      );
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

const SCOPE = '@millwright/serving';
/** Seconds; the ones that Prometheus text doubles, too (`latencySample`). */
const BOUNDARIES = Array.from({ length: 16 }, (_, doubling) => 2 ** doubling / 1_000);
const ROLLOUT_EVENTS = [
  'advanced',
  'approvalRequested',
  'promoted',
  'completed',
  'rollingBack',
  'rolledBack',
  'paused',
  'failed',
] as const satisfies readonly (keyof RolloutHubEvents)[];

/** Models come and go, and errors have any name: beyond so many, the objects are made anew. */
const MAX_LABELS = 1_000;

/** One object per model, arm and status, so that a decision costs no allocation. */
function labelCache(endpoint: string): <I, O>(decision: DecisionRecord<I, O>) => Attributes {
  const known = new Map<string, Attributes>();
  const { attribute } = INFERENCE;
  // Most decisions are as the one before; comparing four words is cheaper than making a key of them.
  let last: Pick<DecisionRecord, 'armAssigned' | 'model' | 'status' | 'shadow'> | undefined;
  let lastAttributes: Attributes = {};
  return (decision) => {
    const { armAssigned, model = '', digest, status, shadow, error } = decision;
    if (
      status !== 'failed' &&
      last?.armAssigned === armAssigned &&
      last.model === decision.model &&
      last.status === status &&
      last.shadow === shadow
    )
      return lastAttributes;
    const type = status === 'failed' ? errorType(error) : '';
    const key = `${armAssigned} ${model} ${status} ${shadow} ${type}`;
    let attributes = known.get(key);
    if (attributes === undefined) {
      const at = model.lastIndexOf('@');
      attributes = {
        [attribute.endpoint]: endpoint,
        [attribute.arm]: armAssigned,
        [attribute.status]: status,
        [attribute.shadow]: shadow,
        ...(type === '' ? {} : { [attribute.errorType]: type }),
        ...(model === '' ? {} : { [attribute.model]: at < 0 ? model : model.slice(0, at) }),
        ...(at < 0 ? {} : { [attribute.modelVersion]: model.slice(at + 1) }),
        ...(digest === undefined ? {} : { [attribute.modelDigest]: hexOf(digest).slice(0, 12) }),
      };
      if (known.size >= MAX_LABELS) known.clear();
      known.set(key, attributes);
    }
    last = { armAssigned, model: decision.model, status, shadow };
    lastAttributes = attributes;
    return attributes;
  };
}

/** The choice of an arm as the evaluation of a flag with the endpoint's name. */
function flagEvent<I, O>(
  name: string,
  policy: CompiledPolicy,
  decision: DecisionRecord<I, O>,
  { contextId }: TelemetryOptions,
): Attributes {
  const { armAssigned, epoch, unit } = decision;
  return {
    [FLAG.attribute.key]: name,
    [FLAG.attribute.variant]: armAssigned,
    [FLAG.attribute.reason]: flagReason(policy, decision, decision.time),
    [FLAG.attribute.provider]: 'millwright',
    [FLAG.attribute.set]: policy.salt,
    [FLAG.attribute.version]: String(epoch),
    ...(unit === undefined || contextId === undefined ? {} : { [FLAG.attribute.contextId]: contextId(unit) }),
  };
}

function errorType(error: unknown): string {
  if (isMillwrightError(error)) return error.code;
  return error instanceof Error ? error.name : '_OTHER';
}
