import { defined, invalidInput } from '@millwright/core';
import type { Storage } from '@millwright/core/storage';
import { postgresBlobs } from './postgres/blobs.js';
import { postgresLog } from './postgres/log.js';
import { type PostgresClient, type PostgresPool, postgresTables } from './postgres/tables.js';
import type { PostgresListener } from './postgres/watch.js';

export { type PostgresExchangeOptions, postgresExchange } from './postgres/exchange.js';

/**
 * A log and blobs in two tables of a PostgreSQL database (15 and 18 are tested), for any number of processes. The place
 * of a commit is chosen by the writer and is the primary key: a sequence would let readers skip commits that become
 * visible late. Blobs are rows too, so they are bounded; put large models into a folder or into S3.
 *
 * The tables are created on first use unless `createTables` is false. The pool stays the caller's to end.
 * @throws `storage/unsupported` from `append` when the server does not flush commits and `durability` is not `relaxed`
 * @example
 * const storage = postgres({ pool: new pg.Pool({ connectionString }) });
 */
export function postgres(options: PostgresOptions): Storage {
  const { place, schema, maxBlobBytes, durability, createTables, turns, announce } = {
    ...DEFAULTS,
    ...defined(options),
  };
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw invalidInput('schema', 'a name of lower-case letters, digits and `_`', schema);
  const tables = postgresTables({ client: options.pool, place, schema, createTables });
  return {
    log: postgresLog(tables, durability, {
      announce,
      turns: turns ? poolOf(options.pool) : undefined,
      listener: announce ? listenerOf(options.pool) : undefined,
    }),
    blobs: postgresBlobs(tables, maxBlobBytes),
    async [Symbol.asyncDispose]() {
      tables.close();
    },
  };
}

/** Which database keeps the ledger, where in it, and how safely. */
export interface PostgresOptions {
  /** A `Pool` of `pg`, the `sql` function of `postgres`, or anything with one of their two methods. */
  readonly pool: PostgresClient;
  /** Several ledgers share the tables under different names. Default `default`. */
  readonly place?: string | undefined;
  /** Schema of the tables. Default `public`. */
  readonly schema?: string | undefined;
  /** Default 33,554,432 (32 MiB). */
  readonly maxBlobBytes?: number | undefined;
  /** `relaxed` accepts a server with `fsync` or `synchronous_commit` off. Default `fsync`. */
  readonly durability?: 'fsync' | 'relaxed' | undefined;
  /** Makes schema and tables when they are missing. Default true. */
  readonly createTables?: boolean | undefined;
  /**
   * Writers of this place take turns under an advisory lock of the server, from reading to appending, instead of racing.
   * Nobody loses a race, which matters when commands are costly to decide again; it is not faster (docs/ledger.md). Default false.
   */
  readonly turns?: boolean | undefined;
  /**
   * Appends are announced (NOTIFY), and `log.watch` hears them at once (LISTEN, on a connection of its own). For all who
   * write to the place, or some writes are heard of only when somebody reads. The server commits announced transactions
   * one after the other, in the whole database. Default false.
   */
  readonly announce?: boolean | undefined;
}

const DEFAULTS = {
  place: 'default',
  schema: 'public',
  maxBlobBytes: 32 * 2 ** 20,
  durability: 'fsync',
  createTables: true,
  turns: false,
  announce: false,
} as const satisfies Omit<PostgresOptions, 'pool'>;

/** @throws `input/invalid` for a client without connections to reserve */
function poolOf(client: PostgresClient): PostgresPool {
  if ('connect' in client || 'reserve' in client) return client as PostgresClient & PostgresPool;
  throw invalidInput('pool', 'a `Pool` of `pg` or the `sql` of `postgres`, which reserve connections', typeof client);
}

/** @throws `input/invalid` for a client that cannot listen */
function listenerOf(client: PostgresClient): PostgresListener {
  if ('connect' in client || 'listen' in client) return client as PostgresClient & PostgresListener;
  throw invalidInput('pool', 'a `Pool` of `pg` or the `sql` of `postgres`, which can listen', typeof client);
}
