import type { TableProfile } from '@millwright/core/profile';
import type { Table } from '@millwright/core/table';
import { createMonitor, type DriftDecision, decisionEvents, logWindows } from '@millwright/drift';
import { date } from './console.js';
import type { Factory } from './factory.js';
import { between, DAY_MS, type FlightArrays } from './flights.js';
import { MODEL } from './models.js';

/** Watches the flights day by day against January, and writes every day to the store and what asks for an action to the ledger. */
export interface Watch {
  readonly records: readonly DriftDecision[];
  /** A retraining that was asked for and not yet done. */
  readonly retrain: DriftDecision | undefined;
  observe(startMs: number): Promise<void>;
  /** The models have been trained on newer data, which is the reference from now on. */
  done(reference: TableProfile): Promise<void>;
  /** Every day that was seen is in the store afterwards, where `millwright console` finds it. */
  close(): Promise<void>;
}

export function watchFlights(
  { registry, screen }: Factory,
  table: Table,
  flights: FlightArrays,
  january: TableProfile,
): Watch {
  const records: DriftDecision[] = [];
  let retrain: DriftDecision | undefined;
  let monitor = monitorOf(january);
  // By size or at the end, whatever the clock on the wall says: the same flights make the same ledger.
  const keep = () => logWindows(monitor, registry, { maxAgeMs: DAY_MS });
  let log = keep();
  return {
    records,
    get retrain() {
      return retrain;
    },
    async observe(startMs) {
      const closed = monitor.observe(between(table, flights.date, startMs, startMs + DAY_MS), { time: startMs });
      for (const record of [...closed, ...monitor.advance(startMs + DAY_MS)]) {
        records.push(record);
        const { action } = record.trigger;
        if (action === 'none' || action === 'insufficient' || action === 'watch') continue;
        const champion = registry.models.aliased(MODEL, 'champion');
        const events = decisionEvents(record, champion === undefined ? [] : [champion]);
        await registry.ledger.commit(() => ({ events, result: undefined }));
        screen.line(`${date(startMs)}  drift: ${action}. ${record.sentence}`);
        if (action === 'retrain') retrain = record;
      }
    },
    async done(reference) {
      retrain = undefined;
      await log.close();
      monitor = monitorOf(reference);
      log = keep();
    },
    close: () => log.close(),
  };
}

function monitorOf(reference: TableProfile) {
  return createMonitor({
    reference,
    name: 'flights by day',
    columns: { delay: {}, miles: {}, hour: {}, origin: {}, destination: {} },
    window: { by: 'time', everyMs: DAY_MS },
    policy: { confirm: { count: 5, of: 7 }, cooldownMs: 30 * DAY_MS },
  });
}
