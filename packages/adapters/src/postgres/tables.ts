import { type Abortable, abortable } from '@millwright/core';
import { type StoreWork, storeWork } from '../shared/store-work.js';

/** What is used of `pg` (`query`) or of `postgres` (`unsafe`). */
export type PostgresClient =
  | { query(text: string, values: unknown[]): PromiseLike<{ readonly rows: readonly unknown[] }> }
  | { unsafe(text: string, values: never[]): PromiseLike<readonly unknown[]> };

/** What a pool must have besides for writers to take turns: a connection of one's own, as `pg` and as `postgres` give it. */
export type PostgresPool =
  | { connect(): Promise<Extract<PostgresClient, { query: unknown }> & { release(error?: Error): void }> }
  | { reserve(): Promise<Extract<PostgresClient, { unsafe: unknown }> & { release(): void }> };

/** Statements on the two tables of one place. */
export interface PostgresTables extends StoreWork {
  readonly store: string;
  readonly place: string;
  readonly commits: string;
  readonly blobs: string;
  /** The rows of a statement. After an abort the statement may still be carried out; nobody waits for it. */
  query(text: string, values: readonly unknown[], options?: Abortable): Promise<readonly Row[]>;
  /** Runs the work on one connection, with the advisory lock of the place. */
  turn<T>(pool: PostgresPool, work: () => Promise<T>): Promise<T>;
}

export type Row = Readonly<Record<string, unknown>>;

export function postgresTables(options: {
  readonly client: PostgresClient;
  readonly place: string;
  readonly schema: string;
  readonly createTables: boolean;
}): PostgresTables {
  const { client, place, schema, createTables } = options;
  const store = `postgres(${schema}/${place})`;
  const commits = `"${schema}".millwright_commits`;
  const blobs = `"${schema}".millwright_blobs`;
  let creating: Promise<void> | undefined;

  /** The connection that has the turn: with statements on others, as many waiting writers as connections would be stuck. */
  let own: PostgresClient | undefined;

  const send = (text: string, values: readonly unknown[], on: PostgresClient = own ?? client) =>
    sendOn(on, text, values);

  async function create(): Promise<void> {
    for (const statement of statements(commits, blobs)) {
      try {
        await send(statement, []);
      } catch (error) {
        // Two processes create at once: one of them meets the table, or a row of the catalogue.
        if (!['42P07', '42710', '23505'].includes(sqlState(error) ?? '')) throw error;
      }
    }
  }

  return {
    store,
    place,
    commits,
    blobs,
    async query(text, values, o) {
      if (createTables) creating ??= create();
      await creating?.catch((error: unknown) => {
        creating = undefined;
        throw error;
      });
      o?.signal?.throwIfAborted();
      return abortable(send(text, values), o?.signal);
    },
    async turn(pool, work) {
      const connection = 'connect' in pool ? await pool.connect() : await pool.reserve();
      let broken: Error | undefined;
      try {
        // Of the session and not of a transaction: a commit is acknowledged when it is durable, before the turn ends.
        await send(LOCK, [store], connection).catch((error: unknown) => {
          if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
        });
        own = connection;
        return await work();
      } finally {
        own = undefined;
        await send(UNLOCK, [store], connection).catch((error: unknown) => {
          broken = error instanceof Error ? error : new Error(String(error));
        });
        // A connection that could not give the lock back is closed, which gives it back.
        connection.release(broken);
      }
    },
    ...storeWork(store),
  };
}

/** The rows of one statement, by whichever client library. */
export async function sendOn(on: PostgresClient, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
  const rows = 'query' in on ? (await on.query(text, [...values])).rows : await on.unsafe(text, [...values] as never[]);
  return rows as readonly Row[];
}

/** Who cannot have the turn in five seconds goes on without it: a process that hangs must not stop the others. */
const LOCK = `select set_config('lock_timeout', '5000', false), pg_advisory_lock(hashtextextended($1, 0))`;
const UNLOCK = `select pg_advisory_unlock(hashtextextended($1, 0)),
  set_config('lock_timeout', (select reset_val from pg_settings where name = 'lock_timeout'), false)`;
const LOCK_NOT_AVAILABLE = '55P03';

/** The five characters with which the server says why it has refused a statement; undefined when it said nothing. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Bytes of a `bytea` column as a plain array of its own. */
export function bytesIn(row: Row | undefined, column: string): Uint8Array {
  const value = row?.[column];
  return value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array();
}

/** Text sorts by bytes (`"C"`), and bytes are stored as they are, so that a part can be read without the rest. */
function statements(commits: string, blobs: string): readonly string[] {
  return [
    `create table if not exists ${commits} (
      place text collate "C" not null, seq bigint not null check (seq > 0), commit_id text collate "C" not null,
      bytes bytea not null, primary key (place, seq))`,
    `create table if not exists ${blobs} (
      place text collate "C" not null, digest text collate "C" not null, size bigint not null,
      stored_at timestamptz not null default now(), bytes bytea not null, primary key (place, digest))`,
    `alter table ${blobs} alter column bytes set storage external`,
  ];
}
