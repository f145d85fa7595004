import { storeFailed } from '../shared/store-work.js';

/** What listening needs of a client: a connection of one's own from `pg`, or `listen` of `postgres`. */
export type PostgresListener =
  | {
      connect(): Promise<{
        query(text: string): PromiseLike<unknown>;
        on(event: string, listener: (message: never) => void): unknown;
        release(destroy: boolean): void;
      }>;
    }
  | { listen(channel: string, heard: (payload: string) => void): PromiseLike<{ unlisten(): PromiseLike<void> }> };

/** The channel on which appends are announced; the payload is the store. */
export const CHANNEL = 'millwright_commits';

/** Yields when somebody has announced an append to the store, and once when it has begun to listen. */
export async function* listen(
  client: PostgresListener,
  store: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<void, void, undefined> {
  let heard = true;
  let lost: { readonly error: unknown } | undefined;
  let wake = () => {};
  const nudge = () => wake();
  const hear = (payload: string) => {
    if (payload !== store) return;
    heard = true;
    wake();
  };
  const lose = (error: unknown) => {
    lost ??= { error };
    wake();
  };
  const stop = await subscribe(client, hear, lose).catch((error: unknown) => {
    throw storeFailed(store, 'listen', error);
  });
  signal?.addEventListener('abort', nudge, { once: true });
  try {
    while (signal?.aborted !== true) {
      if (lost !== undefined) throw storeFailed(store, 'listen', lost.error);
      if (heard) {
        heard = false;
        yield;
      } else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    signal?.removeEventListener('abort', nudge);
    await stop();
  }
}

async function subscribe(
  client: PostgresListener,
  hear: (payload: string) => void,
  lose: (error: unknown) => void,
): Promise<() => PromiseLike<void>> {
  if ('listen' in client) {
    const { unlisten } = await client.listen(CHANNEL, hear);
    return unlisten;
  }
  const connection = await client.connect();
  connection.on('notification', (({ payload }: { readonly payload?: string }) => hear(payload ?? '')) as never);
  connection.on('error', lose as never);
  connection.on('end', (() => lose('the connection has ended')) as never);
  // Destroyed, because it would go on listening for whoever gets it next.
  const stop = async () => connection.release(true);
  try {
    await connection.query(`listen ${CHANNEL}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
