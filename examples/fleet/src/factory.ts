import { postgres } from '@millwright/adapters/postgres';
import { decodeUtf8, type ResolvedModel } from '@millwright/core';
import { openRegistry, type Registry } from '@millwright/registry';
import type { WakeUp } from '@millwright/serving/rollout';
import pg from 'pg';

export const MODEL = 'shipping';

export interface Parcel {
  readonly country: string;
  readonly kg: number;
}

/** The factory that all processes share: its ledger and its models are rows of one database. */
export interface Factory extends AsyncDisposable {
  readonly registry: Registry;
  /** Yields when somebody has written. */
  readonly wake: WakeUp;
}

export async function openFactory(url: string, actor: string): Promise<Factory> {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined); // an idle connection was lost; the next query takes another
  const storage = postgres({ pool, announce: true });
  const registry = await openRegistry(storage, { actor });
  return {
    registry,
    wake: storage.log.watch!,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

/** A version is a table of euros per kilogram by country. */
export async function pricing({ id, artifact }: ResolvedModel) {
  const rates: Readonly<Record<string, number>> = JSON.parse(decodeUtf8(await artifact.bytes('rates.json')));
  return {
    async predict({ country, kg }: Parcel) {
      const rate = rates[country];
      if (rate === undefined) throw new Error(`${id} has no rate for ${country}`);
      return { euros: rate * kg };
    },
  };
}
