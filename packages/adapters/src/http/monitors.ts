import type { DriftDecision, Monitor } from '@millwright/drift';
import { jsonResponse } from './json.js';
import { notFound } from './problem.js';
import { type Route, route } from './router.js';

/** A monitor of this process, or the records that one wrote, oldest first. */
export type WatchedMonitor = Pick<Monitor, 'events'> | Iterable<DriftDecision>;

/** Drift monitors: what each window came to, column by column. */
export function monitorRoutes(monitors: Readonly<Record<string, WatchedMonitor>>): readonly Route[] {
  // A map: `constructor` is no monitor.
  const byName = new Map(Object.entries(monitors).map(([name, monitor]) => [name, recordsOf(monitor)]));
  const find = (name: string): readonly DriftDecision[] => {
    const records = byName.get(name);
    if (records === undefined) throw notFound('monitor', name);
    return records();
  };
  return [
    route('read', 'GET /monitors', 'monitor.list', () =>
      jsonResponse({
        items: Array.from(byName, ([name, records]) => {
          const latest = records();
          return { name, windows: latest.length, last: latest.length === 0 ? undefined : windowOf(latest.at(-1)!) };
        }),
      }),
    ),
    route('read', 'GET /monitors/:monitor', 'monitor.read', ({ params }) => {
      const records = find(params['monitor']!);
      return jsonResponse({ name: params['monitor'], windows: records.map(windowOf), columns: columnsOf(records) });
    }),
    route('read', 'GET /monitors/:monitor/windows/:digest', 'monitor.window', ({ params }) => {
      const record = find(params['monitor']!).find(({ digest }) => digest === params['digest']);
      if (record === undefined) throw notFound('window', params['digest']!);
      return jsonResponse(record);
    }),
  ];
}

/** Windows that a watched monitor's records are kept of: a year of days. */
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
