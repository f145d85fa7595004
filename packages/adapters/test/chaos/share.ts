import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** How many ledger commits the chaos tests make over all stores. */
    readonly chaosCommits: number;
  }
}

/** How the commits are shared out among the stores: most go where a commit costs little. */
const SHARES = { memory: 0.5, folder: 0.44, postgres: 0.04, s3: 0.01, indexeddb: 0.01 } as const;

/** How many commits the run on this store makes, and how long it may take: twenty times what it took when this was written. */
export function shareOf(store: keyof typeof SHARES): { readonly commits: number; readonly timeout: number } {
  const commits = Math.ceil(inject('chaosCommits') * SHARES[store]);
  return { commits, timeout: 60_000 + 20 * commits };
}
