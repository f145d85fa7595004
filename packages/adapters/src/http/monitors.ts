import { type DriftDecision, type Monitor, type WindowStore, windowHistory } from '@millwright/drift';
import { jsonResponse } from './json.js';
import { notFound } from './problem.js';
import { type Call, type Route, route } from './router.js';

/** A monitor of this process, or the records that one wrote, oldest first. */
export type WatchedMonitor = Pick<Monitor, 'events'> | Iterable<DriftDecision>;

/** Drift monitors, those of this process and those that `logWindows` kept: what each window came to, column by column. */
export function monitorRoutes(
  monitors: Readonly<Record<string, WatchedMonitor>> = {},
  store?: WindowStore | undefined,
): readonly Route[] {
  const given = Object.entries(monitors).map(([name, monitor]) => [name, recordsOf(monitor)] as const);
  const kept = store === undefined ? undefined : windowHistory(store, { windows: KEPT });
  // A map: `constructor` is no monitor.
  const all = async (signal: AbortSignal | undefined): Promise<ReadonlyMap<string, readonly DriftDecision[]>> => {
    const records = new Map(await kept?.({ signal }));
    for (const [name, latest] of given) records.set(name, together(records.get(name) ?? [], latest()));
    return records;
  };
  const find = async ({ params, signal }: Call): Promise<readonly DriftDecision[]> => {
    const name = params['monitor']!;
    const records = (await all(signal)).get(name);
    if (records === undefined) throw notFound('monitor', name);
    return records;
  };
  return [
    route('read', 'GET /monitors', 'monitor.list', async ({ signal }) =>
      jsonResponse({
        items: Array.from(await all(signal), ([name, latest]) => {
          return { name, windows: latest.length, last: latest.length === 0 ? undefined : windowOf(latest.at(-1)!) };
        }),
      }),
    ),
    route('read', 'GET /monitors/:monitor', 'monitor.read', async (call) => {
      const records = await find(call);
      return jsonResponse({
        name: call.params['monitor'],
        windows: records.map(windowOf),
        columns: columnsOf(records),
      });
    }),
    route('read', 'GET /monitors/:monitor/windows/:digest', 'monitor.window', async (call) => {
      const { digest } = call.params;
      const record = (await find(call)).find((each) => each.digest === digest);
      if (record === undefined) throw notFound('window', digest!);
      return jsonResponse(record);
    }),
  ];
}

/** What was kept, and what this process saw since. */
function together(kept: readonly DriftDecision[], seen: readonly DriftDecision[]): readonly DriftDecision[] {
  const known = new Set(kept.map(({ digest }) => digest));
  return [...kept, ...seen.filter(({ digest }) => !known.has(digest))].slice(-KEPT);
}

/** Windows of a monitor that are shown: a year of days. */
const KEPT = 366;

function recordsOf(monitor: WatchedMonitor): () => readonly DriftDecision[] {
  if (!('events' in monitor)) return () => [...monitor].slice(-KEPT);
  let records: readonly DriftDecision[] = [];
  monitor.events.on('window', (record) => {
    records = [...records, record].slice(-KEPT);
  });
  return () => records;
}

function windowOf({ digest, window, verdict, severity, sentence, integrity, trigger }: DriftDecision) {
  return { digest, ...window, verdict, severity, sentence, integrity, action: trigger.action };
}

/** Of each column, how far it was from its margin in each window: 1 is an alarm, absent where it could not be judged. */
function columnsOf(records: readonly DriftDecision[]) {
  const columns = new Map<string, (number | null)[]>();
  for (const [at, { checks }] of records.entries()) {
    for (const { column, severity } of checks) {
      if (severity === undefined) continue;
      const known = columns.get(column) ?? new Array<number | null>(records.length).fill(null);
      known[at] = Math.max(known[at] ?? 0, severity);
      columns.set(column, known);
    }
  }
  return Array.from(columns, ([name, severities]) => ({ name, severities }));
}
