import { type InclusionProof, type LedgerEvent, type LedgerHead, verifyInclusion } from '@millwright/core/ledger';
import { useState } from 'preact/hooks';
import { get } from '../api.js';
import { useResource } from '../resource.js';
import { Outcome } from './outcome.js';
import { Failure, Waiting } from './states.js';
import { Time } from './text.js';

/** Leaves from the end; each command adds one leaf that is no event. */
const LOOK_BACK = 60;

/** Entries, the newest first; each can be proved. */
export function LedgerEntries({ head }: { readonly head: LedgerHead }) {
  const { size } = head;
  const [from, setFrom] = useState<number>();
  const [proved, setProved] = useState<Proved | Error>();
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
      <div role="status">
        {proved instanceof Error ? <Failure error={proved} /> : proved !== undefined && <ProofOutcome of={proved} />}
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
                  Prove
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
                  <td class="num">
                    <button
                      type="button"
                      aria-label={`Prove entry ${index}`}
                      onClick={() => void prove(index, head).then(setProved, setProved)}
                    >
                      {index}
                    </button>
                  </td>
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

interface Proved {
  readonly index: number;
  readonly type: string;
  readonly hashes: number;
  readonly ok: boolean;
}

/** Asks for an entry and its path to the root that the page shows, and recomputes that root here: the service is not believed. */
async function prove(index: number, { size, root }: LedgerHead): Promise<Proved> {
  const { event, proof } = await get<Answer>(`events/${index}/proof?size=${size}`);
  const ok = proof.index === index && proof.size === size && proof.root === root && verifyInclusion(proof, event);
  return { index, type: event.type, hashes: proof.path.length, ok };
}

interface Answer {
  readonly event: LedgerEvent;
  readonly proof: InclusionProof;
}

function ProofOutcome({ of: { index, type, hashes, ok } }: { readonly of: Proved }) {
  return (
    <Outcome ok={ok} words={ok ? 'proved' : 'not proved'}>
      {ok
        ? `Entry ${index} (${type}) is in the ledger with the root above: computed in this browser from the entry and ${hashes} hashes.`
        : `The entry ${index} that the service gave does not lead to the root above.`}
    </Outcome>
  );
}
