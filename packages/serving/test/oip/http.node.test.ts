import { createServer, type Server } from 'node:http';
import { tensor } from '@millwright/serving';
import { openInferenceClient } from '@millwright/serving/oip';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { feeds, identityHandler } from './harness.js';

/** The real `fetch` against a real server: what it does with redirects and compression cannot be had from a double. */
let server: Server;
let url: string;
const asked: string[] = [];

beforeAll(async () => {
  const handler = await identityHandler();
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url?.startsWith('/away/')) {
      response.writeHead(302, { location: '/v2/models/echo' }).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { method = 'GET', headers } = request;
      const answer = await handler(
        new Request(`${url}${request.url}`, {
          method,
          headers: headers as Record<string, string>,
          ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
        }),
      );
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('asks over a socket, as binary because the server says it can', async () => {
  const client = openInferenceClient({ url });
  const given = tensor('float32', [4, 2], Float32Array.of(1, -0, Number.NaN, 4, 5, 6, 7, 8));
  const { outputs } = await client.infer({ name: 'echo' }, feeds(given));
  expect(outputs.get('y')).toEqual(given);
});

test('does not follow a redirect', async () => {
  const before = asked.length;
  const client = openInferenceClient({ url: `${url}/away`, retryShare: 0 });
  await expect(client.metadata({ name: 'echo' })).rejects.toMatchObject({ code: 'serving/remote-failed' });
  expect(asked.slice(before)).toEqual(['/away/v2/models/echo']);
});

test('a server that is not there is a failure without a status', async () => {
  const client = openInferenceClient({ url: 'http://127.0.0.1:1', retryShare: 0 });
  await expect(client.metadata({ name: 'echo' })).rejects.toMatchObject({ details: { status: undefined } });
  expect(await client.isReady()).toBe(false);
});
