import type { Endpoint } from '@millwright/serving';
import type { Rollout } from '@millwright/serving/rollout';
import type { Factory } from './factory.js';
import type { FlightQuestion } from './features.js';
import { days, type FlightArrays, type Period, rowAtTime } from './flights.js';
import type { FlightAnswer } from './models.js';
import { LATE_MINUTES } from './train.js';

export type FlightEndpoint = Endpoint<FlightQuestion, FlightAnswer>;

export interface DayOfTraffic {
  readonly day: Period;
  /** Flights late without a warning, warnings without need, and requests. */
  readonly missed: number;
  readonly falseAlarms: number;
  readonly requests: number;
}

export interface TrafficOptions {
  readonly flights: FlightArrays;
  readonly endpoint: FlightEndpoint;
  /** The rollout under way, if any. */
  readonly rollout: () => Rollout | undefined;
  /** After each day, when its outcomes are known. */
  readonly onDay?: ((day: DayOfTraffic) => Promise<void> | void) | undefined;
}

/** Requests in flight at once. */
const CONCURRENT = 256;
/** Passengers who ask. Each keeps the model that first answered them. */
const TRAVELLERS = 250_000;
const HOUR_MS = 3_600_000;

/**
 * Replays flights as live traffic in virtual time: every flight is asked about by a traveller when it is due, whether it
 * was late is known when it has left. The rollout looks once a day, at midnight: mornings are not evenings, and half a
 * day is no sample of a day.
 */
export async function replay(
  { clock, screen }: Factory,
  period: { start: number; end: number; name: string },
  options: TrafficOptions,
): Promise<void> {
  const { flights, endpoint, rollout, onDay } = options;
  const all = days(flights.date, period.start, period.end);
  for (const [index, day] of all.entries()) {
    const decisions: string[] = new Array(day.end - day.start);
    const alerts = new Uint8Array(day.end - day.start);
    for (let hour = day.startMs; hour < day.endMs; hour += HOUR_MS) {
      const end = Math.min(day.end, rowAtTime(flights.date, hour + HOUR_MS));
      for (let row = Math.max(day.start, rowAtTime(flights.date, hour)); row < end; row += CONCURRENT) {
        const until = Math.min(end, row + CONCURRENT);
        clock.set(flights.date[until - 1]!);
        const answers = await Promise.all(
          Array.from({ length: until - row }, (_, i) =>
            endpoint.predict(question(flights, row + i), { unit: traveller(row + i) }),
          ),
        );
        for (const [i, { decisionId, output }] of answers.entries()) {
          decisions[row - day.start + i] = decisionId;
          alerts[row - day.start + i] = Number(output.alert);
        }
      }
    }
    clock.set(day.endMs);
    const seen = { missed: 0, falseAlarms: 0 };
    for (let row = day.start; row < day.end; row++) {
      const late = flights.delay[row]! >= LATE_MINUTES;
      const alert = alerts[row - day.start] === 1;
      if (late && !alert) seen.missed++;
      if (alert && !late) seen.falseAlarms++;
      const known = flights.date[row]! + Math.max(0, flights.delay[row]!) * 60_000;
      rollout()?.outcomes.record({ decisionId: decisions[row - day.start]!, value: Number(late), time: known });
    }
    await rollout()?.tick();
    await onDay?.({ day, ...seen, requests: day.end - day.start });
    screen.progress(`${period.name}: traffic`, index + 1, all.length);
  }
}

export function question(flights: FlightArrays, row: number): FlightQuestion {
  return {
    hour: flights.hour[row]!,
    weekday: flights.weekday[row]!,
    miles: flights.miles[row]!,
    origin: flights.origins[flights.origin[row]!]!,
    destination: flights.destinations[flights.destination[row]!]!,
  };
}

/** Scattered, so that travellers have nothing to do with time or place. */
function traveller(row: number): string {
  return `traveller-${(Math.imul(row, 0x9e3779b1) >>> 0) % TRAVELLERS}`;
}
