import { MillwrightError } from '@millwright/core';
import { type InclusionProof, type LedgerEvent, verifyInclusion } from '@millwright/core/ledger';
import { describe, expect, it } from 'vitest';
import { httpService } from '../../src/http.js';
import { ask, factory } from './support.js';

const anna = { actor: 'anna' };

describe('predictions', () => {
  it('answer with the output, and say in body and headers who answered', async () => {
    const { handle, first } = await factory();
    const body = { input: { euros: 500 }, unit: 'customer-1' };
    const answer = await ask(handle, '/endpoints/fraud/predict', { ...anna, body });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ output: { fraud: true }, served: { model: 'fraud@1', arm: 'champion' } });
    expect(answer.headers.get('millwright-model')).toBe('fraud@1');
    expect(answer.headers.get('millwright-digest')).toBe(first.artifact);
    expect(answer.headers.get('millwright-decision')).toBe(answer.body['decisionId']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('need no hook, and have no ledger to write to', async () => {
    const { handle } = await factory({ authorise: undefined });
    expect((await ask(handle, '/endpoints/fraud/predict', { body: { input: { euros: 1 } } })).status).toBe(200);
  });

  it.each([
    ['what breaks the contract', { input: { euros: 'many' } }, 422, 'contract/violated'],
    ['no input', {}, 422, 'contract/violated'],
    ['a unit that is no text', { input: { euros: 1 }, unit: 7 }, 400, 'input/invalid'],
    ['a priority that there is not', { input: { euros: 1 }, priority: 'urgent' }, 400, 'input/invalid'],
    ['attributes that are no facts', { input: { euros: 1 }, attributes: { region: {} } }, 400, 'input/invalid'],
    ['a list', [], 400, 'input/invalid'],
    ['no JSON', '{"input":', 400, 'input/invalid'],
  ])('refuse %s', async (_, body, status, code) => {
    const { handle } = await factory();
    const answer = await ask(handle, '/endpoints/fraud/predict', { ...anna, body });
    expect(answer).toMatchObject({ status, body: { status, code, type: `urn:millwright:error:${code}` } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('know no endpoint by the name of something that every object has', async () => {
    const { handle } = await factory();
    const answer = await ask(handle, '/endpoints/constructor/predict', { ...anna, body: { input: {} } });
    expect(answer).toMatchObject({ status: 404, body: { code: 'state/not-found' } });
  });

  it('give up when the client goes away, and report nothing', async () => {
    const errors: unknown[] = [];
    const gone = new AbortController();
    const { endpoint } = await factory();
    const waiting = {
      ...endpoint,
      predict: (_: never, { signal }: { signal?: AbortSignal | undefined } = {}) =>
        new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    };
    const handle = httpService({ endpoints: { slow: waiting }, onError: (error) => errors.push(error) });
    const request = new Request('http://localhost/endpoints/slow/predict', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      signal: gone.signal,
    });
    const answering = handle(request);
    await new Promise((resolve) => setTimeout(resolve));
    gone.abort();
    expect((await answering).status).toBe(500);
    expect(errors).toEqual([]);
  });

  it('keep outcomes for those whom the hook admits', async () => {
    const { endpoint, handle } = await factory();
    const seen: unknown[] = [];
    endpoint.outcomes.observe((outcome) => seen.push(outcome));
    const body = { decisionId: 'd', value: true, time: 5 };
    expect((await ask(handle, '/endpoints/fraud/outcomes', { body })).status).toBe(403);
    expect((await ask(handle, '/endpoints/fraud/outcomes', { ...anna, body })).status).toBe(202);
    expect((await ask(handle, '/endpoints/fraud/outcomes', { ...anna, body: { ...body, value: 'yes' } })).status).toBe(
      400,
    );
    expect(seen).toMatchObject([{ decisionId: 'd', value: true, time: 5 }]);
  });
});

describe('the registry, read', () => {
  it('shows models, versions, aliases, runs, datasets and lineage', async () => {
    const { handle } = await factory();
    const get = async (path: string) => (await ask(handle, path, anna)).body;
    expect(await get('/models')).toMatchObject({ items: [{ name: 'fraud', aliases: { champion: 'fraud@1' } }] });
    expect(await get('/models/fraud')).toMatchObject({ versions: 2 });
    expect(await get('/versions/fraud@1')).toMatchObject({ id: 'fraud@1', stage: 'serving' });
    expect(await get('/versions/fraud@1/contract')).toMatchObject({ inputs: expect.anything() });
    expect(await get('/versions/fraud@1/contract?format=json-schema')).toMatchObject({
      inputs: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
    });
    expect((await ask(handle, '/versions/fraud@1/contract?format=yaml', anna)).status).toBe(400);
    expect(await get('/models/fraud/aliases/champion')).toMatchObject({ version: 'fraud@1', by: 'factory' });
    expect(await get('/runs')).toMatchObject({ items: [{ id: 'train@1' }] });
    expect(await get('/runs/train@1')).toMatchObject({ status: 'succeeded' });
    expect(await get('/datasets/payments@1')).toMatchObject({ rowCount: 10 });
    expect(await get('/lineage/model:fraud@2')).toMatchObject({
      nodes: expect.arrayContaining([expect.objectContaining({ id: 'dataset:payments@1' })]),
    });
    expect((await get('/lineage/model:fraud@2?format=mermaid'))['text']).toContain('flowchart LR');
  });

  it('writes NaN so that it stays NaN', async () => {
    const { handle } = await factory();
    expect((await ask(handle, '/versions/fraud@2', anna)).body).toMatchObject({ metrics: { auc: 'NaN' } });
  });

  it('searches with cursors, filters and orders', async () => {
    const { handle } = await factory();
    const page = await ask(handle, '/versions?limit=1&order=oldest', anna);
    expect(page.body).toMatchObject({ items: [{ id: 'fraud@1' }], next: expect.any(String) });
    const next = await ask(handle, `/versions?limit=1&order=oldest&after=${page.body['next']}`, anna);
    expect(next.body).toMatchObject({ items: [{ id: 'fraud@2' }] });
    expect(next.body).not.toHaveProperty('next');
    expect((await ask(handle, '/versions?metric.auc.atLeast=0.5', anna)).body).toMatchObject({
      items: [{ id: 'fraud@1' }],
    });
    expect((await ask(handle, '/versions?order=highest:auc', anna)).body['items']).toHaveLength(1);
    expect((await ask(handle, '/versions?stage=serving&alias=champion', anna)).body['items']).toHaveLength(1);
  });

  it('proves an entry, and the proof is one', async () => {
    const { handle, registry } = await factory();
    const { eventIndex } = registry.models.history('fraud', 'champion')[0]!;
    const { body } = await ask(handle, `/events/${eventIndex}/proof`, anna);
    const { event, proof } = body as { event: LedgerEvent; proof: InclusionProof };
    expect(verifyInclusion(proof, event)).toBe(true);
    expect(verifyInclusion(proof, { ...event, type: 'alias.removed' })).toBe(false);
    expect((await ask(handle, '/ledger', anna)).body).toMatchObject({ root: proof.root });
    expect((await ask(handle, '/ledger/consistency?from=1', anna)).body).toMatchObject({ first: { size: 1 } });
  });

  it('lists events from a cursor on, which is the next one also at the end', async () => {
    const { handle, registry } = await factory();
    const first = await ask(handle, '/events?limit=2', anna);
    expect(first.body['items']).toHaveLength(2);
    let after = String(first.body['next']);
    for (;;) {
      const { body } = await ask(handle, `/events?after=${after}`, anna);
      after = String(body['next']);
      if ((body['items'] as unknown[]).length === 0) break;
    }
    expect(Number(after)).toBeLessThanOrEqual(registry.ledger.head.size);
  });

  it.each([
    ['/models/unknown', 404],
    ['/models/..%2F..%2Fetc', 404],
    ['/versions/fraud@9', 404],
    ['/versions/fraud', 400],
    ['/models/fraud/aliases/nobody', 404],
    ['/lineage/model:nobody@1', 404],
    ['/events/999999/proof', 404],
    ['/events/x/proof', 400],
    ['/versions?stag=serving', 400],
    ['/versions?stage=best', 400],
    ['/versions?limit=0', 400],
    ['/versions?limit=1&limit=2', 400],
    ['/versions?metric.auc=1', 400],
    ['/versions?after=%00', 400],
    ['/models/%E0%A4%A', 400],
    ['/models/', 404],
    ['/lineage/model:fraud@1?format=png', 400],
  ])('answers %s with %i', async (path, status) => {
    const { handle } = await factory();
    expect((await ask(handle, path, anna)).status).toBe(status);
  });
});

describe('the registry, written', () => {
  const approval = { role: 'risk', reason: 'looked at it' };

  it('records approvals in the name of the caller', async () => {
    const { handle, registry } = await factory();
    const answer = await ask(handle, '/versions/fraud@2/approvals', { ...anna, body: approval });
    expect(answer).toMatchObject({ status: 201, body: { approvals: [{ by: 'anna', role: 'risk' }] } });
    await ask(handle, '/versions/fraud@2/approvals/withdraw', { ...anna, body: approval });
    expect(registry.models.version('fraud@2').approvals).toEqual([]);
  });

  it('does once what is sent twice with one key', async () => {
    const { handle, registry } = await factory();
    const move = () =>
      ask(handle, '/models/fraud/aliases/champion', {
        ...anna,
        body: { version: 'fraud@2', reason: 'better' },
        headers: { 'idempotency-key': 'k1' },
      });
    const [one, two] = [await move(), await move()];
    expect(one).toMatchObject({ status: 200, body: { version: 'fraud@2', by: 'anna' } });
    expect(two.body).toEqual(one.body);
    expect(registry.models.history('fraud', 'champion')).toHaveLength(2);
    const back = await ask(handle, '/models/fraud/aliases/champion/rollback', { ...anna, body: { reason: 'worse' } });
    expect(back.body).toMatchObject({ version: 'fraud@1', kind: 'rollback' });
  });

  it('answers what a policy denies with its reasons', async () => {
    const { handle, registry } = await factory();
    await registry.policies.set('fraud', { aliases: { champion: { approvals: [{ role: 'risk', count: 1 }] } } });
    const answer = await ask(handle, '/models/fraud/aliases/champion', {
      ...anna,
      body: { version: 'fraud@2', reason: 'x' },
    });
    expect(answer).toMatchObject({
      status: 403,
      body: { code: 'registry/denied', details: { reasons: [expect.any(String)] } },
    });
  });

  const writes = [
    ['/versions/fraud@2/approvals', approval],
    ['/versions/fraud@2/approvals/withdraw', approval],
    ['/models/fraud/aliases/champion', { version: 'fraud@2', reason: 'x' }],
    ['/models/fraud/aliases/champion/rollback', { reason: 'x' }],
    ['/reviews', { subject: 'x', question: 'y?' }],
    ['/reviews/claim', {}],
    ['/reviews/r/decision', { token: 't', choice: 'approve' }],
    ['/reviews/r/release', { token: 't' }],
    ['/reviews/r/adjudication', { choice: 'approve' }],
    ['/endpoints/fraud/outcomes', { decisionId: 'd', value: 1 }],
  ] as const;

  it.each(writes)(
    '%s is refused without a hook, by a hook, by a hook that throws, and to nobody',
    async (path, body) => {
      const hooks = [
        undefined,
        () => undefined,
        () => Promise.reject(new Error('the token service is away: secret')),
        () => ({ actor: '' }),
      ];
      for (const authorise of hooks) {
        const { handle, registry } = await factory({ authorise });
        const { size } = registry.ledger.head;
        const answer = await ask(handle, path, { body });
        expect([403, 500]).toContain(answer.status);
        expect(answer.headers.get('content-type')).toBe('application/problem+json');
        expect(JSON.stringify(answer.body)).not.toContain('secret');
        expect(registry.ledger.head.size).toBe(size);
      }
    },
  );

  it('asks the hook what it is about, and keeps the body to itself', async () => {
    const asked: unknown[] = [];
    const { handle } = await factory({
      authorise: (request, access) => {
        asked.push({ ...access, body: 'body' in request });
        return { actor: 'anna' };
      },
    });
    await ask(handle, '/versions/fraud@2/approvals', { body: approval });
    expect(asked).toEqual([{ kind: 'write', action: 'version.approve', params: { version: 'fraud@2' }, body: false }]);
  });

  it('takes JSON only, so that a form of another site writes nothing', async () => {
    const { handle, registry } = await factory();
    const { size } = registry.ledger.head;
    const headers = { 'content-type': 'text/plain' };
    expect((await ask(handle, '/versions/fraud@2/approvals', { ...anna, body: approval, headers })).status).toBe(415);
    expect(registry.ledger.head.size).toBe(size);
  });
});

describe('the review queue', () => {
  it('asks, claims, decides and closes, and hides what a blind review hides', async () => {
    const { handle, reviews } = await factory();
    await reviews.request({
      id: 'r1',
      subject: 'fraud@2',
      question: 'Go?',
      blind: true,
      gold: 'reject',
      recommendation: { choice: 'approve' },
    });
    const list = await ask(handle, '/reviews', anna);
    expect(list.body).toMatchObject({ items: [{ id: 'r1' }] });
    expect(JSON.stringify(list.body)).not.toMatch(/gold|recommendation/);
    const claimed = await ask(handle, '/reviews/claim', { ...anna, body: {} });
    const { token } = claimed.body['claim'] as { token: string };
    expect(JSON.stringify((await ask(handle, '/reviews/r1', anna)).body)).not.toContain(token);
    const stolen = await ask(handle, '/reviews/r1/decision', { actor: 'mallory', body: { token, choice: 'approve' } });
    expect(stolen).toMatchObject({ status: 409, body: { code: 'state/precondition' } });
    const decided = await ask(handle, '/reviews/r1/decision', {
      ...anna,
      body: { token, choice: 'approve', reason: 'fine' },
    });
    expect(decided).toMatchObject({
      status: 200,
      body: { status: 'closed', outcome: { choice: 'approve' }, decisions: [{ by: 'anna' }] },
    });
    expect((await ask(handle, '/reviews/claim', { ...anna, body: {} })).status).toBe(204);
  });

  it('gives claims back, and refuses what is no request', async () => {
    const { handle } = await factory();
    const made = await ask(handle, '/reviews', { ...anna, body: { subject: 'x', question: 'y?' } });
    expect(made.status).toBe(201);
    const { body } = await ask(handle, '/reviews/claim', { actor: 'bob', body: { queue: 'approvals' } });
    const { token } = body['claim'] as { token: string };
    expect((await ask(handle, `/reviews/${made.body['id']}/release`, { actor: 'bob', body: { token } })).status).toBe(
      204,
    );
    expect((await ask(handle, '/reviews', { ...anna, body: { subject: 'x' } })).status).toBe(400);
    expect(
      (await ask(handle, '/reviews', { ...anna, body: { subject: 'x', question: 'y', choices: [1] } })).status,
    ).toBe(400);
    expect((await ask(handle, '/reviews/none/decision', { ...anna, body: { token, choice: 'approve' } })).status).toBe(
      404,
    );
  });
});

describe('the handler', () => {
  it('reads no more of a body than it may', async () => {
    const { handle } = await factory({ maxBodyBytes: 1_000 });
    const body = { input: { euros: 1 }, unit: 'x'.repeat(1_000) };
    expect(await ask(handle, '/endpoints/fraud/predict', { ...anna, body })).toMatchObject({
      status: 413,
      body: { code: 'input/too-large' },
    });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 400;
        controller.enqueue(new Uint8Array(400).fill(32));
      },
    });
    const init = {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: { 'content-type': 'application/json', 'x-actor': 'anna' },
    };
    const response = await handle(new Request('http://localhost/endpoints/fraud/predict', init as RequestInit));
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(10_000);
  });

  it('is alive, and ready only when every check passes', async () => {
    const { handle } = await factory({
      authorise: undefined,
      ready: {
        ledger: () => 'pass',
        store: () => 'insufficient',
        peer: () => {
          throw new Error('10.0.0.1 secret');
        },
      },
    });
    expect(await ask(handle, '/health/live')).toMatchObject({ status: 200, body: { verdict: 'pass' } });
    const ready = await ask(handle, '/health/ready');
    expect(ready).toMatchObject({
      status: 503,
      body: {
        verdict: 'fail',
        checks: { ledger: { verdict: 'pass' }, store: { verdict: 'insufficient' }, peer: { verdict: 'fail' } },
      },
    });
    expect(JSON.stringify(ready.body)).not.toContain('secret');
    expect((await ask((await factory()).handle, '/health/ready', anna)).status).toBe(200);
  });

  it('says which methods a path takes, and answers HEAD without a body', async () => {
    const { handle } = await factory();
    const wrong = await ask(handle, '/models', { ...anna, method: 'DELETE' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    const head = await ask(handle, '/models', { ...anna, method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: { text: '' } });
  });

  it('hands on what is not its own, and keeps to its prefix', async () => {
    const { handle } = await factory({ prefix: '/factory', otherwise: async () => new Response('host') });
    expect((await ask(handle, '/models', anna)).body).toEqual({ text: 'host' });
    expect((await ask(handle, '/factory/models', anna)).status).toBe(200);
    expect((await ask(handle, '/factoryx/models', anna)).body).toEqual({ text: 'host' });
    expect((await ask((await factory()).handle, '/nothing')).status).toBe(404);
  });

  it('tells callers nothing of its own faults, and the host everything', async () => {
    const errors: unknown[] = [];
    const { endpoint } = await factory();
    const failure = new MillwrightError('storage/failed', 'postgres://user:secret@db failed', {
      details: { store: 'postgres://user:secret@db', operation: 'read' },
    });
    for (const error of [failure, new Error('secret')]) {
      const broken = { ...endpoint, predict: () => Promise.reject(error) };
      const handle = httpService({ endpoints: { fraud: broken }, onError: (e) => errors.push(e) });
      const answer = await ask(handle, '/endpoints/fraud/predict', { body: { input: {} } });
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer.body)).not.toContain('secret');
    }
    expect(errors).toEqual([failure, expect.objectContaining({ message: 'secret' })]);
  });

  it('says when to come again', async () => {
    const { endpoint } = await factory();
    const error = new MillwrightError('serving/overloaded', 'Full.', { details: { retryAfterMs: 1_200 } });
    const handle = httpService({ endpoints: { fraud: { ...endpoint, predict: () => Promise.reject(error) } } });
    const answer = await ask(handle, '/endpoints/fraud/predict', { body: { input: {} } });
    expect(answer).toMatchObject({ status: 503, body: { detail: 'Full.' } });
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});
