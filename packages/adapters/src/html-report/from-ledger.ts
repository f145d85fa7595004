import type { VerifyReport } from '@millwright/core/ledger';
import type { LedgerSection } from './model.js';

/**
 * The section of a ledger that was read and hashed again.
 *
 * @example
 * renderReport({ title: 'The factory', ledger: ledgerOf(await registry.ledger.verify()) });
 */
export function ledgerOf({ ok, head, commits, events, firstBad }: VerifyReport): LedgerSection {
  return {
    sentence:
      'Everything above is told by an append-only Merkle tree. Whoever knows its root can check any part of it.',
    size: events,
    head: `commit ${head.seq}`,
    root: head.root,
    verified: ok,
    detail: ok ? `every hash of ${commits} commits, computed again` : `commit ${firstBad?.seq}: ${firstBad?.reason}`,
  };
}
