import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { invalidInput, MillwrightError } from '@millwright/core';
import { reviewQueue } from '@millwright/core/review';
import { consoleHandler } from '../../console.js';
import { httpProblem } from '../../http/problem.js';
import type { FetchHandler } from '../../http.js';
import { toNode } from '../../http.node.js';
import type { Command } from '../command.js';

export const openConsole: Command = {
  summary: 'serves the console for this machine until it is stopped; reads only, unless told to write',
  usage: '[--port <number>] [--write]',
  options: { port: { type: 'string' }, write: { type: 'boolean' } },
  takes: [0, 0],
  run: (call) =>
    call.registry(async (registry) => {
      const reviews = await reviewQueue(registry.ledger, { blobs: registry.blobs });
      const authorise = call.flag('write') ? () => ({ actor: call.actor }) : undefined;
      const handle = consoleHandler({ registry, reviews, authorise });
      const key = randomBytes(24).toString('base64url');
      const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
      const host = `127.0.0.1:${await listen(server, call.number('port') ?? 0)}`;
      const answer = toNode(behindKey(handle, { host, key }));
      const address = `http://${host}/?key=${key}`;
      const may = call.flag('write') ? `${call.actor} may write` : 'read only';
      call.announce({ lines: [`${address} (${may}; Ctrl+C stops it)`], json: { address, write: call.flag('write') } });
      await call.stopped();
      server.close();
      server.closeAllConnections();
      return { lines: ['Stopped.'], json: { stopped: true } };
    }),
};

/**
 * For those only who have the address that was printed, which other users of the machine do not, and only under that
 * address: a page whose name was made to lead here (DNS rebinding) asks under another.
 */
function behindKey(handle: FetchHandler, { host, key }: { readonly host: string; readonly key: string }): FetchHandler {
  const cookie = `millwright-console=${key}`;
  return async (request) => {
    const { searchParams } = new URL(request.url);
    if (request.headers.get('host') !== host) return httpProblem(403, `The console is at http://${host}/.`);
    if (searchParams.get('key') === key) {
      const headers = { location: '/', 'set-cookie': `${cookie}; HttpOnly; SameSite=Strict; Path=/` };
      return new Response(null, { status: 303, headers });
    }
    if ((request.headers.get('cookie') ?? '').split(/;\s*/).includes(cookie)) return handle(request);
    return httpProblem(403, 'Open the address that `millwright console` printed: it has the key.');
  };
}

/** Listens to this machine only. @throws `input/invalid`, `storage/failed` when somebody else has the port */
function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalidInput('--port', 'a port, 0 to 65535', port);
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new MillwrightError('storage/failed', `Port ${port} cannot be used: ${cause.message}`, {
          details: { store: `127.0.0.1:${port}`, operation: 'listen' },
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
