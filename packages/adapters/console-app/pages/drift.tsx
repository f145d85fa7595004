import type { DriftDecision, WindowFacts } from '@millwright/drift';
import { useState } from 'preact/hooks';
import { formatNumber, formatTime } from '../../src/html-report/format.js';
import { path } from '../api.js';
import { Chart } from '../parts/chart.js';
import { Heading } from '../parts/heading.js';
import { HeatMap } from '../parts/heat-map.js';
import { Failure, Waiting } from '../parts/states.js';
import { Facts } from '../parts/text.js';
import { DriftMark } from '../parts/verdict.js';
import { useResource } from '../resource.js';
import { to } from '../router.js';

/** What a window came to. */
interface WindowSummary extends WindowFacts, Pick<DriftDecision, 'digest' | 'verdict' | 'severity' | 'sentence'> {
  readonly action: string;
}

interface MonitorSummary {
  readonly name: string;
  readonly windows: number;
  readonly last?: WindowSummary | undefined;
}

/** The monitors, and what each saw last. */
export function MonitorsPage() {
  const { data, error } = useResource<{ readonly items: readonly MonitorSummary[] }>('monitors', 5_000);
  return (
    <>
      <Heading title="Drift" />
      {error !== undefined && <Failure error={error} />}
      {data === undefined ? (
        <Waiting />
      ) : (
        <table class="lines">
          <caption class="hidden">Monitors</caption>
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col">Last window</th>
              <th scope="col" class="num minor">
                Windows
              </th>
            </tr>
          </thead>
          <tbody>
            {data.items.map(({ name, windows, last }) => (
              <tr key={name}>
                <td>
                  <a href={to('drift', name)}>{name}</a>
                </td>
                <td>
                  {last === undefined ? 'none yet' : <DriftMark of={last.verdict} />}
                  <span class="detail">{last?.sentence}</span>
                </td>
                <td class="num minor">{windows}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

interface MonitorDetail {
  readonly name: string;
  readonly windows: readonly WindowSummary[];
  readonly columns: readonly { readonly name: string; readonly severities: readonly (number | null)[] }[];
}

/** One monitor: how far each window was from the reference, column by column, and what was said about it. */
export function MonitorPage({ name }: { readonly name: string }) {
  const { data: monitor, error } = useResource<MonitorDetail>(path('monitors', name), 10_000);
  const [chosen, setChosen] = useState<number>();
  if (error !== undefined && monitor === undefined) return <Failure error={error} />;
  if (monitor === undefined) return <Waiting />;
  const { windows, columns } = monitor;
  const at = Math.min(chosen ?? windows.length - 1, windows.length - 1);
  const shown = windows[at];
  if (shown === undefined)
    return (
      <>
        <Heading title={name} />
        <p class="empty">No window has been closed.</p>
      </>
    );
  const timed = windows.every(({ startMs }) => startMs !== undefined);
  const times = windows.map(({ startMs, index }) => (timed ? startMs! : index * 1_000));
  const nameOf = (window: WindowSummary) =>
    window.startMs === undefined ? `Window ${window.index}` : formatTime(window.startMs);
  const worst = columns.toSorted((a, b) => peak(b.severities) - peak(a.severities)).slice(0, SHOWN);
  return (
    <>
      <Heading title={name} about={windows.at(-1)!.sentence} />
      {timed && (
        <figure>
          <figcaption>Distance from the reference, in units of the margin</figcaption>
          <Chart
            title="Largest effect of each window over time; 1 is the margin"
            times={times}
            range={[0, 1.2]}
            series={[{ label: 'all columns', tone: 'accent', values: windows.map(({ severity }) => severity) }]}
            limits={[{ y: 1, label: 'margin' }]}
          />
        </figure>
      )}
      <figure>
        <figcaption>
          Columns by window{columns.length > SHOWN ? `, the ${SHOWN} that moved most of ${columns.length}` : ''}
        </figcaption>
        <HeatMap
          title="How far each column was from the reference in each window"
          columns={worst}
          windows={windows.map(nameOf)}
          chosen={at}
          choose={setChosen}
        />
      </figure>
      <section aria-labelledby="window">
        <h2 id="window">One window</h2>
        <div class="filters">
          <label>
            <span>Window</span>
            <select value={String(at)} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
              {windows.map((window, i) => (
                <option key={window.digest} value={String(i)}>
                  {nameOf(window)}
                  {window.verdict === 'drift' ? ' – drift' : ''}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Window monitor={name} window={shown} />
      </section>
    </>
  );
}

/** Columns of a heat map, the ones that moved most. */
const SHOWN = 30;

function peak(severities: readonly (number | null)[]): number {
  return severities.reduce<number>((most, one) => Math.max(most, one ?? 0), 0);
}

function Window({ monitor, window }: { readonly monitor: string; readonly window: WindowSummary }) {
  const { data: record, error } = useResource<DriftDecision>(path('monitors', monitor, 'windows', window.digest));
  if (error !== undefined) return <Failure error={error} />;
  return (
    <>
      <Facts
        of={[
          ['Verdict', <DriftMark key="v" of={window.verdict} />],
          ['Rows', formatNumber(window.rows, 'integer')],
          ['Action', window.action],
          ['Why', record?.trigger.sentence],
        ]}
      />
      {record !== undefined && (
        <ul class="plain">
          {record.checks.map(({ column, check, verdict, sentence }) => (
            <li key={`${column} ${check}`}>
              <DriftMark of={verdict} /> <span>{sentence}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
