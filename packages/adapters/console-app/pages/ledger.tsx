import type { LedgerEvent, LedgerHead, VerifyReport } from '@millwright/core/ledger';
import { useState } from 'preact/hooks';
import { get } from '../api.js';
import { Heading } from '../parts/heading.js';
import { Failure, Waiting } from '../parts/states.js';
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
          <Newest size={head.size} />
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
            <p class="outcome">
              <span class={`verdict ${report.ok ? 'pass' : 'fail'}`}>
                <span aria-hidden="true">{report.ok ? '✓' : '✗'}</span> {report.ok ? 'verified' : 'does not verify'}
              </span>{' '}
              {report.ok
                ? `${report.events.toLocaleString('en')} events in ${report.commits.toLocaleString('en')} commits, root ${report.head.root}`
                : `Commit ${report.firstBad?.seq}: ${report.firstBad?.reason}`}
            </p>
          )
        )}
      </div>
    </section>
  );
}

/** Leaves from the end; each command adds one leaf that is no event. */
const LOOK_BACK = 60;

function Newest({ size }: { readonly size: number }) {
  const [from, setFrom] = useState<number>();
  const start = from ?? Math.max(0, size - LOOK_BACK);
  const { data, error } = useResource<{ readonly items: readonly LedgerEvent[] }>(
    `events?limit=${LOOK_BACK}${start === 0 ? '' : `&after=${start}`}`,
  );
  return (
    <section aria-labelledby="entries">
      <h2 id="entries">Entries</h2>
      <div class="filters">
        <button type="button" disabled={start === 0} onClick={() => setFrom(Math.max(0, start - LOOK_BACK))}>
          Older
        </button>
        <button
          type="button"
          disabled={from === undefined}
          onClick={() => setFrom(start + LOOK_BACK >= size - LOOK_BACK ? undefined : start + LOOK_BACK)}
        >
          Newer
        </button>
      </div>
      {error !== undefined && <Failure error={error} />}
      {data === undefined ? (
        <Waiting />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
        <section class="scroll" tabIndex={0} aria-label="Entries of the ledger">
          <table class="entries">
            <caption class="hidden">Entries of the ledger, newest first</caption>
            <thead>
              <tr>
                <th scope="col" class="num">
                  Leaf
                </th>
                <th scope="col">Time</th>
                <th scope="col">What</th>
                <th scope="col">Who</th>
                <th scope="col">Data</th>
              </tr>
            </thead>
            <tbody>
              {data.items.toReversed().map(({ index, time, type, actor, data: content }) => (
                <tr key={index}>
                  <td class="num">{index}</td>
                  <td>
                    <Time at={time} />
                  </td>
                  <td>{type}</td>
                  <td>{actor}</td>
                  <td>
                    <code class="one-line" title={JSON.stringify(content).slice(0, 2_000)}>
                      {JSON.stringify(content).slice(0, 160)}
                    </code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
