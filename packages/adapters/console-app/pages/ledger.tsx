import { Heading } from '../parts/heading.js';

export function LedgerPage() {
  return <Heading title="Ledger" />;
}
