import { createConnection, createServer, type Socket } from 'node:net';

/** What the proxy does to the bytes that pass it. */
export type Fault =
  | { readonly kind: 'none' }
  /** Holds every answer back for so long. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Passes so many bytes of the request, or of the answer, and cuts the connection. */
  | { readonly kind: 'cut'; readonly side: 'request' | 'response'; readonly afterBytes: number }
  /** Passes the request, and cuts the connection when the server answers: done, and nobody was told. */
  | { readonly kind: 'dropResponse' }
  /** Passes the request, and never lets the answer through. */
  | { readonly kind: 'stall' }
  /** Cuts every connection when it sends something. */
  | { readonly kind: 'refuse' };

/** A TCP proxy on loopback that fails on command. */
export interface FaultProxy {
  readonly port: number;
  /** Sets the fault for what passes from now on; with `times`, only for the next so many connections or answers that it strikes. */
  set(fault: Fault, times?: number): void;
  /** How often a fault has struck since it was set. */
  readonly struck: number;
  close(): Promise<void>;
}

export async function startFaultProxy(target: { readonly host?: string; readonly port: number }): Promise<FaultProxy> {
  let fault: Fault = { kind: 'none' };
  let left = Number.POSITIVE_INFINITY;
  let struck = 0;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = createConnection(target.port, target.host ?? '127.0.0.1');
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    const passed = { request: 0, response: 0 };
    let current = fault;
    /** Bytes count from the moment at which the fault was set. */
    const now = (): Fault => {
      if (current !== fault) passed.request = passed.response = 0;
      current = fault;
      return left > 0 ? fault : { kind: 'none' };
    };
    const strike = (act: () => void) => {
      struck++;
      left--;
      act();
    };

    const pass = (side: 'request' | 'response', from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        const rule = now();
        passed[side] += chunk.byteLength;
        if (rule.kind === 'refuse' && side === 'request') return strike(cut);
        if (rule.kind === 'dropResponse' && side === 'response') return strike(cut);
        if (rule.kind === 'stall' && side === 'response') return strike(() => undefined);
        if (rule.kind === 'delay' && side === 'response')
          return strike(() => void setTimeout(() => to.writable && to.write(chunk), rule.ms));
        if (rule.kind === 'cut' && rule.side === side && passed[side] > rule.afterBytes) {
          const rest = chunk.byteLength - (passed[side] - rule.afterBytes);
          return strike(() => to.write(chunk.subarray(0, Math.max(0, rest)), cut));
        }
        to.write(chunk);
      });
    pass('request', client, upstream);
    pass('response', upstream, client);
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    set(next, times = Number.POSITIVE_INFINITY) {
      fault = next;
      left = times;
      struck = 0;
    },
    get struck() {
      return struck;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
