import type { EventExit } from '@millwright/registry/feed';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { createClient } from 'redis';
import { natsEvents } from '../../src/nats.js';
import { redisEvents } from '../../src/redis.js';

/** An exit by its address; travels to other processes as text. */
export type ExitAddress =
  | { readonly kind: 'redis'; readonly port: number }
  | { readonly kind: 'nats'; readonly address: string; readonly stream: string };

/** Opens an exit with a connection of its own. */
export async function openExit(to: ExitAddress): Promise<{ readonly exit: EventExit; close(): Promise<unknown> }> {
  switch (to.kind) {
    case 'redis': {
      const client = createClient({ socket: { host: '127.0.0.1', port: to.port } });
      await client.connect();
      const exit = redisEvents({ send: (command) => client.sendCommand([...command]) });
      return { exit, close: () => client.close() };
    }
    case 'nats': {
      const connection = await connect({ servers: to.address });
      const exit = natsEvents({ jetstream: jetstream(connection), stream: to.stream });
      return { exit, close: () => connection.close() };
    }
    default:
      return to satisfies never;
  }
}
