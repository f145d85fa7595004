import { invalidInput, type RequestContext } from '@millwright/core';
import type { Endpoint } from '@millwright/serving';
import type { Fields } from './body.js';
import { jsonResponse } from './json.js';
import { notFound } from './problem.js';
import { type Call, type Route, route } from './router.js';

/** What the service needs of an endpoint. The contract checks the inputs that callers send. */
export interface ServedEndpoint
  extends Pick<Endpoint<never, unknown>, 'predict' | 'stats' | 'outcomes' | 'champion' | 'policy'> {}

/**
 * `POST /endpoints/:endpoint/predict` with `{ input, unit?, priority?, attributes? }`, and what is known about endpoints.
 * Who answered stands in the body and in the headers `millwright-model`, `-arm`, `-digest` and `-decision`.
 */
export function endpointRoutes(endpoints: Readonly<Record<string, ServedEndpoint>>): readonly Route[] {
  // A map: `constructor` is no endpoint.
  const byName = new Map(Object.entries(endpoints));
  const find = (name: string): ServedEndpoint => {
    const endpoint = byName.get(name);
    if (endpoint !== undefined) return endpoint;
    throw notFound('endpoint', name);
  };

  return [
    route('read', 'GET /endpoints', 'endpoint.list', () =>
      jsonResponse({ items: Array.from(byName, ([name, endpoint]) => facts(name, endpoint)) }),
    ),
    route('read', 'GET /endpoints/:endpoint', 'endpoint.read', ({ params }) =>
      jsonResponse(facts(params['endpoint']!, find(params['endpoint']!))),
    ),
    route('predict', 'POST /endpoints/:endpoint/predict', 'endpoint.predict', async (call) => {
      const endpoint = find(call.params['endpoint']!);
      const body = await call.body();
      const prediction = await endpoint.predict(body.raw('input') as never, contextOf(body, call));
      const { served, decisionId } = prediction;
      const headers: Record<string, string> = {
        'millwright-model': served.model,
        'millwright-arm': served.arm,
        'millwright-decision': decisionId,
      };
      if (served.digest !== undefined) headers['millwright-digest'] = served.digest;
      return jsonResponse(prediction, { headers });
    }),
    route('write', 'POST /endpoints/:endpoint/outcomes', 'outcome.record', async (call) => {
      const endpoint = find(call.params['endpoint']!);
      const body = await call.body();
      const value = body.raw('value');
      if (typeof value !== 'boolean' && typeof value !== 'number')
        throw invalidInput('value', 'a number or a boolean', value);
      endpoint.outcomes.record({
        decisionId: body.text('decisionId'),
        value,
        time: body.optional('time', 'number'),
        metric: body.optional('metric', 'string'),
      });
      return new Response(null, { status: 202 });
    }),
  ];
}

function facts(name: string, { champion, policy, stats }: ServedEndpoint) {
  const { model, digest, inFlight } = champion;
  const { requests, failed, refused, latency } = stats();
  const arms = policy === undefined ? { champion: 1 } : Object.fromEntries(policy.shares);
  return { name, model, digest, epoch: policy?.epoch ?? 0, arms, inFlight, requests, failed, refused, latency };
}

function contextOf(body: Fields, { caller, signal }: Call): RequestContext {
  const priority = body.optional('priority', 'string');
  if (priority !== undefined && priority !== 'high' && priority !== 'normal' && priority !== 'low')
    throw invalidInput('priority', '`high`, `normal` or `low`', priority);
  return {
    signal,
    unit: body.optional('unit', 'string'),
    priority,
    tenant: caller?.tenant,
    attributes: attributesOf(body.raw('attributes')),
  };
}

function attributesOf(value: unknown): RequestContext['attributes'] {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidInput('attributes', 'an object', value);
  for (const [name, member] of Object.entries(value))
    if (!['string', 'number', 'boolean'].includes(typeof member))
      throw invalidInput(`attributes.${name}`, 'a text, a number or a boolean', member);
  return value as Readonly<Record<string, string | number | boolean>>;
}
