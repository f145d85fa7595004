import { invalidInput } from '@millwright/core';
import type { ObservationExchange, PublishedSums } from '@millwright/serving/rollout';
import { storeFailed } from '../shared/store-work.js';
import { type PostgresClient, sendOn, sqlState } from './tables.js';

/** Where the table is. */
export interface PostgresExchangeOptions {
  /** A `Pool` of `pg`, the `sql` function of `postgres`, or anything with one of their two methods. */
  readonly pool: PostgresClient;
  /** Schema of the table `millwright_observations`. Default `public`. */
  readonly schema?: string | undefined;
  readonly createTables?: boolean | undefined;
}

/**
 * Sums of rollouts in a table: one row per start of a process, replaced by higher numbers only. Exact, so they count for
 * every verdict. For fleets whose ledger is elsewhere, or that look more often than they want to write to it.
 */
export function postgresExchange(options: PostgresExchangeOptions): ObservationExchange {
  const { pool, schema = 'public', createTables = true } = options;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw invalidInput('schema', 'a name of lower-case letters, digits and `_`', schema);
  const table = `"${schema}".millwright_observations`;
  let creating: Promise<void> | undefined;

  async function create(): Promise<void> {
    try {
      await sendOn(
        pool,
        `create table if not exists ${table} (rollout text collate "C" not null, boot text collate "C" not null,
          number bigint not null, epochs text not null, seen_at timestamptz not null default now(),
          primary key (rollout, boot))`,
        [],
      );
    } catch (error) {
      // Two processes create at once: one of them meets the table, or a row of the catalogue.
      if (!['42P07', '42710', '23505'].includes(sqlState(error) ?? '')) throw error;
    }
  }

  async function query(operation: string, text: string, values: readonly unknown[]) {
    try {
      if (createTables) creating ??= create();
      await creating;
      return await sendOn(pool, text, values);
    } catch (error) {
      creating = undefined;
      throw storeFailed(table, operation, error);
    }
  }

  return {
    exact: true,
    async publish(rollout, { boot, number, epochs }) {
      const text = `insert into ${table} as known (rollout, boot, number, epochs) values ($1, $2, $3, $4)
        on conflict (rollout, boot) do update set number = excluded.number, epochs = excluded.epochs, seen_at = now()
        where known.number < excluded.number`;
      await query('publish sums', text, [rollout, boot, number, JSON.stringify(epochs)]);
    },
    async read(rollout) {
      const text = `select boot, number, epochs from ${table} where rollout = $1`;
      return (await query('read sums', text, [rollout])).map(
        (row): PublishedSums => ({
          boot: String(row['boot']),
          number: Number(row['number']),
          epochs: JSON.parse(String(row['epochs'])),
        }),
      );
    },
  };
}
