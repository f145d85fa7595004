import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { factory } from '../src/factory.js';
import { GET, POST } from '../src/next-route.js';
import { hono, inExpress, inFastify, type Listening, plain } from '../src/servers.js';

const maria = { authorization: 'Bearer maria-key' };
const json = { 'content-type': 'application/json' };

describe.each([
  ['node:http', plain, undefined],
  ['Hono', hono, 'the application'],
  ['Express', inExpress, 'the application'],
  ['Fastify', inFastify, 'the application'],
] as const)('%s', (_, start, home) => {
  let server: Listening;
  beforeAll(async () => {
    server = await start(await factory());
  });
  afterAll(() => server.close());
  const post = (path: string, body: string, headers: Record<string, string> = maria) =>
    fetch(`${server.url}/factory${path}`, { method: 'POST', body, headers: { ...json, ...headers } });

  it('predicts', async () => {
    const response = await post('/endpoints/fraud/predict', '{ "input": { "euros": 500 } }');
    expect(response.headers.get('millwright-model')).toBe('fraud@1');
    expect(await response.json()).toMatchObject({ output: { fraud: true } });
  });

  it('lets those write who may, and nobody else', async () => {
    const approval = '{ "role": "risk", "reason": "looked at it" }';
    for (const headers of [{}, { authorization: 'Bearer dashboard-key' }])
      expect((await post('/versions/fraud@1/approvals', approval, headers)).status).toBe(403);
    const response = await post('/versions/fraud@1/approvals', approval);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ approvals: [{ by: 'maria' }] });
  });

  it('refuses a body that is too large', async () => {
    const body = JSON.stringify({ input: 'x'.repeat(2_000_000) });
    const response = await post('/endpoints/fraud/predict', body);
    expect(response.status).toBe(413);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const pieces = new Blob([body]).stream();
    const init = { method: 'POST', headers: { ...maria, ...json }, body: pieces, duplex: 'half' };
    const streamed = await fetch(`${server.url}/factory/endpoints/fraud/predict`, init as RequestInit);
    expect(streamed.status).toBe(413);
  });

  it('is healthy and shows its metrics', async () => {
    expect((await fetch(`${server.url}/factory/health/ready`)).status).toBe(200);
    expect(await (await fetch(`${server.url}/factory/metrics`)).text()).toContain(
      'millwright_decisions_total{endpoint="fraud"',
    );
  });

  it('leaves the application its own paths', async () => {
    const response = await fetch(server.url);
    if (home === undefined) expect(response.status).toBe(404);
    else expect(await response.text()).toBe(home);
  });

  it('answers what is no path with 400, and goes on', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.end('GET http://elsewhere/factory/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const piece of socket) answer += piece;
    expect(answer).toMatch(/^HTTP\/1.1 4/);
    expect((await fetch(`${server.url}/factory/health/live`)).status).toBe(200);
  });
});

it('a Next route handler is the handler', async () => {
  const models = await GET(new Request('http://localhost/factory/models', { headers: maria }));
  expect(await models.json()).toMatchObject({ items: [{ name: 'fraud' }] });
  const init = { method: 'POST', headers: { ...maria, ...json }, body: '{ "input": { "euros": 5 } }' };
  const predicted = await POST(new Request('http://localhost/factory/endpoints/fraud/predict', init));
  expect(await predicted.json()).toMatchObject({ output: { fraud: false } });
});
