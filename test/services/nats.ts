import { connect } from '@nats-io/transport-node';
import { freePorts, onPath, scratch, until } from './process.js';

/** A NATS server of our own with JetStream, on loopback. */
export interface NatsServer {
  /** `host:port`, as clients take it. */
  readonly address: string;
  stop(): Promise<void>;
}

export function natsMissing(): string | undefined {
  return onPath('nats-server') ? undefined : 'no NATS: apt-get install --no-install-recommends nats-server';
}

export async function startNats(): Promise<NatsServer> {
  const place = scratch('nats');
  const [port = 0] = await freePorts(1);
  const server = place.start('nats-server', ['-js', '-sd', place.folder, '-a', '127.0.0.1', '-p', String(port)]);
  const address = `127.0.0.1:${port}`;
  const answers = async () => {
    const connection = await connect({ servers: address, reconnect: false });
    await connection.close();
    return true;
  };
  await until('NATS', answers, server);
  return { address, stop: () => place.end() };
}
