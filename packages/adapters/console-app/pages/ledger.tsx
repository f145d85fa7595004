import type { LedgerHead, VerifyReport } from '@millwright/core/ledger';
import { useState } from 'preact/hooks';
import { get } from '../api.js';
import { Heading } from '../parts/heading.js';
import { LedgerEntries } from '../parts/ledger-entries.js';
import { Outcome } from '../parts/outcome.js';
import { Failure } from '../parts/states.js';
import { Facts, Time } from '../parts/text.js';
import { useResource } from '../resource.js';

/** What everything else is a fold of: its head, whether it verifies, and its newest entries. */
export function LedgerPage() {
  const { data: head, error } = useResource<LedgerHead & { readonly id: string }>('ledger', 10_000);
  return (
    <>
      <Heading
        title="Ledger"
        about="Every entry is a leaf of one Merkle tree: nothing can be changed or left out without changing its root."
      />
      {error !== undefined && <Failure error={error} />}
      {head !== undefined && (
        <>
          <Facts
            of={[
              ['Leaves', head.size.toLocaleString('en')],
              ['Commit', head.seq.toLocaleString('en')],
              ['Written', <Time key="t" at={head.time} />],
              ['Ledger', <code key="i">{head.id}</code>],
              ['Root', <code key="r">{head.root}</code>],
            ]}
          />
          <Verification />
          <LedgerEntries head={head} />
        </>
      )}
    </>
  );
}

function Verification() {
  const [report, setReport] = useState<VerifyReport | Error>();
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    setReport(await get<VerifyReport>('ledger/verification').catch((error: Error) => error));
    setBusy(false);
  };
  return (
    <section aria-labelledby="verification">
      <h2 id="verification">Verification</h2>
      <p>Reads every byte again and recomputes every hash. That takes a moment for a long ledger.</p>
      <button type="button" onClick={verify} disabled={busy}>
        {busy ? 'Verifying…' : 'Verify'}
      </button>
      <div role="status">
        {report instanceof Error ? (
          <Failure error={report} />
        ) : (
          report !== undefined && (
            <Outcome ok={report.ok} words={report.ok ? 'verified' : 'does not verify'}>
              {report.ok
                ? `${report.events.toLocaleString('en')} events in ${report.commits.toLocaleString('en')} commits, root ${report.head.root}`
                : `Commit ${report.firstBad?.seq}: ${report.firstBad?.reason}`}
            </Outcome>
          )
        )}
      </div>
    </section>
  );
}
