import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidInput } from '@millwright/core';
import { chunksOf } from '@millwright/core/storage';
import type { FetchHandler } from './http/service.js';

/**
 * Lets a fetch handler answer the requests of `node:http`, and so of Express (`app.use(toNode(handle))`) and of Fastify. A
 * client that goes away aborts the request's signal. URLs begin with `http://localhost`: who a client says it asks decides nothing.
 */
export function toNode(handle: FetchHandler) {
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    try {
      await send(await handle(requestOf(incoming, gone.signal)), outgoing, gone.signal);
    } catch {
      // The handler answers its own errors; this is a request that is none, or a client that went away.
      if (!outgoing.headersSent) outgoing.writeHead(400);
    }
    outgoing.end();
    // What nobody read of the body would hold up the connection's next request.
    incoming.resume();
  };
}

function requestOf(incoming: IncomingMessage & { readonly originalUrl?: string }, signal: AbortSignal): Request {
  const { method = 'GET', rawHeaders, url = '/' } = incoming;
  // Express takes away the path that a handler is mounted under and keeps it here.
  const target = incoming.originalUrl ?? url;
  if (!target.startsWith('/')) throw invalidInput('url', 'a path', target);
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(incoming);
  return new Request(`http://localhost${target}`, { method, headers, body, signal, duplex: 'half' } as RequestInit);
}

/** Not `Readable.toWeb`, which destroys the connection when a handler has read enough. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await pieces.return?.()),
    },
    { highWaterMark: 0 },
  );
}

async function send(response: Response, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (response.body === null) return;
  for await (const piece of chunksOf(response.body, signal))
    if (!outgoing.write(piece)) await once(outgoing, 'drain', { signal });
}
