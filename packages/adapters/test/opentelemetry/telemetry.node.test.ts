import { MillwrightError } from '@millwright/core';
import type { RolloutState } from '@millwright/serving/rollout';
import { championPolicy, compilePolicy, ramp } from '@millwright/serving/routing';
import { context, metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INFERENCE, openTelemetry } from '../../src/opentelemetry.js';
import { factory } from '../http/support.js';

const spans = new InMemorySpanExporter();
let points: InMemoryMetricExporter;
let meters: MeterProvider;

/** A whole SDK, as an application sets it up. */
function startSdk(): void {
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  meters = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 3_600_000 })],
  });
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

beforeEach(startSdk);
afterEach(async () => {
  await meters.shutdown();
  for (const api of [trace, metrics, context]) api.disable();
  spans.reset();
});

async function measured() {
  points.reset();
  await meters.forceFlush();
  const all = points.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return all.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
  );
}

describe('an endpoint', () => {
  it('has a span around every prediction, below the one that is active', async () => {
    const { endpoint, first } = await factory();
    const traced = (await openTelemetry()).endpoint('fraud', endpoint);
    const decisionId = await trace.getTracer('test').startActiveSpan('request', async (span) => {
      const prediction = await traced.predict({ euros: 500 }, { unit: 'customer-1' });
      span.end();
      return prediction.decisionId;
    });
    const [inner, outer] = spans.getFinishedSpans();
    expect(inner).toMatchObject({
      name: 'predict fraud',
      parentSpanContext: { spanId: outer?.spanContext().spanId },
      attributes: {
        'ml.endpoint.name': 'fraud',
        'ml.model.name': 'fraud',
        'ml.model.version': '1',
        'ml.model.digest': first.artifact.slice(7, 19),
        'ml.arm': 'champion',
        'ml.inference.status': 'answered',
        'ml.decision.id': decisionId,
      },
      instrumentationScope: { name: '@millwright/serving', version: INFERENCE.version },
    });
    expect(inner?.events).toEqual([]);
  });

  it('measures decisions, and names no unit', async () => {
    const { endpoint } = await factory();
    const traced = (await openTelemetry()).endpoint('fraud', endpoint);
    for (let i = 0; i < 3; i++) await traced.predict({ euros: i }, { unit: 'customer-1' });
    const found = await measured();
    expect(found).toMatchObject([
      { name: 'ml.inference.duration', attributes: { 'ml.arm': 'champion' }, value: { count: 3 } },
      { name: 'ml.inference.batch.size', value: { count: 3, sum: 3 } },
    ]);
    expect(JSON.stringify([found, spans.getFinishedSpans().map(({ attributes }) => attributes)])).not.toContain(
      'customer',
    );
    traced.stopObserving();
    await traced.predict({ euros: 1 });
    expect(await measured()).toMatchObject([{ value: { count: 3 } }, { value: { count: 3 } }]);
  });

  it('says which arm the policy chose as the evaluation of a flag', async () => {
    const { endpoint, registry } = await factory();
    await endpoint.arms.prepare('challenger', registry.version('fraud@2'));
    endpoint.setPolicy(compilePolicy(ramp(championPolicy({ salt: 'salt-1' }), { challenger: 0.5 })));
    const emitted: unknown[] = [];
    const logger = { emit: (record: unknown) => emitted.push(record) };
    await (await openTelemetry()).endpoint('fraud', endpoint).predict({ euros: 1 }, { unit: 'u' });
    const [span] = spans.getFinishedSpans();
    const attributes = {
      'feature_flag.key': 'fraud',
      'feature_flag.result.variant': span?.attributes['ml.arm'],
      'feature_flag.result.reason': 'split',
      'feature_flag.provider.name': 'millwright',
      'feature_flag.set.id': 'salt-1',
      'feature_flag.version': '1',
    };
    expect(span?.events).toMatchObject([{ name: 'feature_flag.evaluation', attributes }]);
    const contextId = (unit: string) => `hash-of-${unit}`;
    await (await openTelemetry({ logger, contextId })).endpoint('fraud', endpoint).predict({ euros: 1 }, { unit: 'u' });
    expect(emitted).toEqual([
      { eventName: 'feature_flag.evaluation', attributes: { ...attributes, 'feature_flag.context.id': 'hash-of-u' } },
    ]);
  });

  it('marks what fails with the code, and not with what the caller sent', async () => {
    const { endpoint } = await factory();
    const traced = (await openTelemetry()).endpoint('fraud', endpoint);
    await expect(traced.predict({ euros: -77 })).rejects.toMatchObject({ code: 'contract/violated' });
    const [span] = spans.getFinishedSpans();
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'contract/violated' },
    });
    expect(JSON.stringify([span?.status, span?.attributes, span?.events])).not.toContain('77');
  });

  it('stays the endpoint that it is', async () => {
    const { endpoint, registry } = await factory();
    const traced = (await openTelemetry()).endpoint('fraud', endpoint);
    expect(traced.champion.model).toBe('fraud@1');
    await traced.champion.swap(registry.version('fraud@2'));
    expect(traced.champion.model).toBe('fraud@2');
    expect(traced.stats().requests).toBe(0);
    await traced.close();
    await expect(traced.predict({ euros: 1 })).rejects.toMatchObject({ code: 'state/closed' });
  });
});

it('a rollout has a span and a count for everything that happens to it', async () => {
  const listeners = new Map<string, (said: unknown) => void>();
  const on = (name: string, listener: (said: never) => void) => {
    listeners.set(name, listener as (said: unknown) => void);
    return () => void listeners.delete(name);
  };
  const state = { model: 'fraud' } as RolloutState;
  const rollout = { id: 'r1', state, events: { on, once: on } };
  const stop = (await openTelemetry()).rollout(rollout);
  listeners.get('rolledBack')?.({ because: { sentence: 'missedFraud is 25 %' } });
  listeners.get('failed')?.({ error: new MillwrightError('ledger/contended', 'x', { details: { attempts: 1 } }) });
  expect(spans.getFinishedSpans()).toMatchObject([
    { name: 'rollout rolledBack', attributes: { 'ml.rollout.id': 'r1', 'ml.rollout.reason': 'missedFraud is 25 %' } },
    {
      name: 'rollout failed',
      attributes: { 'error.type': 'ledger/contended' },
      status: { code: SpanStatusCode.ERROR },
    },
  ]);
  expect(await measured()).toHaveLength(2);
  stop();
  expect(listeners.size).toBe(0);
});

it('works without an SDK', async () => {
  for (const api of [trace, metrics, context]) api.disable();
  const { endpoint } = await factory();
  const traced = (await openTelemetry()).endpoint('fraud', endpoint);
  await expect(traced.predict({ euros: 500 })).resolves.toMatchObject({ output: { fraud: true } });
  await expect(traced.predict({ euros: -1 })).rejects.toMatchObject({ code: 'contract/violated' });
  expect(spans.getFinishedSpans()).toEqual([]);
});
