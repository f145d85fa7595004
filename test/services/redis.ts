import { connect } from 'node:net';
import { freePorts, onPath, scratch, until } from './process.js';

/** A Redis server of our own, in memory, on loopback, and one connection to it. */
export interface RedisServer {
  readonly port: number;
  /** Sends one command and resolves with its reply (protocol 2). */
  send(command: readonly string[]): Promise<unknown>;
  stop(): Promise<void>;
}

export function redisMissing(): string | undefined {
  return onPath('redis-server') ? undefined : 'no Redis: apt-get install --no-install-recommends redis-server';
}

export async function startRedis(): Promise<RedisServer> {
  const place = scratch('redis');
  const [port = 0] = await freePorts(1);
  const server = place.start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
  let client = connection(port);
  const answers = async () => {
    client = connection(port);
    return (await client.send(['PING'])) === 'PONG';
  };
  await until('Redis', answers, server);
  return {
    port,
    send: (command) => client.send(command),
    async stop() {
      client.close();
      await place.end();
    },
  };
}

/** As much of a client as tests need: commands one after another, replies in order. */
function connection(port: number) {
  const socket = connect(port, '127.0.0.1');
  const waiting: { resolve(reply: unknown): void; reject(error: Error): void }[] = [];
  let bytes = Buffer.alloc(0);
  socket.on('error', (error) => {
    for (const one of waiting.splice(0)) one.reject(error);
  });
  socket.on('close', () => {
    for (const one of waiting.splice(0)) one.reject(new Error('the connection was closed'));
  });
  socket.on('data', (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
    for (let reply = parse(bytes, 0); reply !== undefined; reply = parse(bytes, 0)) {
      bytes = bytes.subarray(reply.end);
      const one = waiting.shift();
      if (reply.value instanceof Error) one?.reject(reply.value);
      else one?.resolve(reply.value);
    }
  });
  return {
    send(command: readonly string[]): Promise<unknown> {
      const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
      socket.write(`*${parts.length}\r\n${parts.join('')}`);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    close: () => void socket.destroy(),
  };
}

/** The reply that begins at `at`, and where it ends; undefined while it is not complete. */
function parse(bytes: Buffer, at: number): { readonly value: unknown; readonly end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const text = bytes.toString('utf8', at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '-':
      return { value: new Error(text), end: next };
    case ':':
      return { value: Number(text), end: next };
    case '$': {
      const size = Number(text);
      if (size < 0) return { value: undefined, end: next };
      if (bytes.length < next + size + 2) return undefined;
      return { value: bytes.toString('utf8', next, next + size), end: next + size + 2 };
    }
    case '*': {
      const items: unknown[] = [];
      let end = next;
      for (let i = 0; i < Number(text); i++) {
        const item = parse(bytes, end);
        if (item === undefined) return undefined;
        items.push(item.value);
        end = item.end;
      }
      return { value: items, end };
    }
    default:
      return { value: text, end: next };
  }
}
