import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FetchHandler } from '@millwright/adapters/http';
import { toNode } from '@millwright/adapters/http/node';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';

/** A server that listens on a free port. */
export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Plain `node:http`. */
export function plain(handle: FetchHandler): Promise<Listening> {
  return listen(createServer(toNode(handle)));
}

/** Hono speaks fetch: the handler goes in as it is, beside the application's own routes. */
export function hono(handle: FetchHandler): Promise<Listening> {
  const app = new Hono();
  app.get('/', (c) => c.text('the application'));
  app.all('/factory/*', (c) => handle(c.req.raw));
  return listen(createServer(toNode(async (request) => app.fetch(request))));
}

/** Express: before any body parser, for the handler reads the body itself. */
export function inExpress(handle: FetchHandler): Promise<Listening> {
  const app = express();
  app.use('/factory', toNode(handle));
  app.get('/', (_, response) => void response.send('the application'));
  return listen(createServer(app));
}

/** Fastify: in `onRequest`, before the body is parsed. */
export async function inFastify(handle: FetchHandler): Promise<Listening> {
  const app = fastify();
  const bridge = toNode(handle);
  app.get('/', () => 'the application');
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/factory/')) return;
    reply.hijack();
    await bridge(request.raw, reply.raw);
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, close: () => app.close() };
}

async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
