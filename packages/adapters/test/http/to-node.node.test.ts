import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { toNode } from '../../src/http.node.js';

/** Serves one body of `pieces` times 64 KiB, then its end or silence, and says of the answer what Node knows of it. */
async function serve(pieces: number, { ends = true } = {}) {
  const seen = { drains: 0, mostListeners: 0, cancelled: false, answered: Promise.resolve() };
  const answer = toNode(async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent++ < pieces) controller.enqueue(new Uint8Array(65_536));
        else if (ends) controller.close();
        else await new Promise(() => undefined);
      },
      cancel() {
        seen.cancelled = true;
      },
    });
    return new Response(body);
  });
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.on('drain', () => {
      seen.drains++;
      seen.mostListeners = Math.max(seen.mostListeners, outgoing.listenerCount('close'));
    });
    seen.answered = answer(incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = get({ host: '127.0.0.1', port });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { seen, request, response, [Symbol.dispose]: () => server.close() };
}

test('a slow client costs no more listeners than a fast one', async () => {
  using served = await serve(400);
  let size = 0;
  for await (const piece of served.response) size += piece.length;
  await served.seen.answered;
  expect(size).toBe(400 * 65_536);
  expect(served.seen.drains).toBeGreaterThan(20);
  // Node's own, and one of ours: not one for every time that the client had to be waited for.
  expect(served.seen.mostListeners).toBeLessThan(5);
});

test('a client that goes away ends the body, also while it is waited for and while nothing comes', async () => {
  for (const pieces of [Number.POSITIVE_INFINITY, 1]) {
    using served = await serve(pieces, { ends: false });
    await once(served.response, 'readable');
    served.request.destroy();
    await served.seen.answered;
    expect(served.seen.cancelled).toBe(true);
  }
});
