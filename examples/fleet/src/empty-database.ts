import { startPostgres } from '../../../test/services/postgres.js';

/** A PostgreSQL 18 from npm that is empty, and ends with its user. You have a server already: this is its URL. */
export async function emptyDatabase(): Promise<AsyncDisposable & { readonly url: string }> {
  const { url, stop } = await startPostgres('npm');
  return { url, [Symbol.asyncDispose]: stop };
}
