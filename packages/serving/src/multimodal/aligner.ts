import { invalidInput } from '@millwright/core';

/** One modality of an aligned input. */
export interface ModalitySpec {
  /** Furthest that its event may be from the anchor's, in milliseconds of event time. */
  readonly toleranceMs: number;
  /** Without it, the row goes to quarantine. Default true. */
  readonly required?: boolean | undefined;
}

/** The names of modalities, from the types of their events: `{ image: Tensor; force: number; note?: string }`. */
export type Modality<E> = keyof E & string;

/** Which modalities make a row, and how long one waits for another. */
export interface AlignerOptions<E> {
  readonly modalities: Readonly<Record<Modality<E>, ModalitySpec>>;
  /** The modality whose events make rows; the others are joined to them. */
  readonly anchor: Modality<E>;
  /** How late an event may come, in milliseconds of event time behind the newest of its modality. */
  readonly latenessMs: number;
  /** Events of each modality that may wait. When one more comes, the oldest anchor is decided, the oldest other event is unused. Default 10,000. */
  readonly maxWaiting?: number | undefined;
}

/** An anchor event with the nearest event of each other modality, or with what was missing. */
export interface AlignedRow<E> {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly values: ReadonlyMap<Modality<E>, Required<E>[Modality<E>]>;
  readonly missing: readonly Modality<E>[];
}

/** What one step of the aligner decided. */
export interface Alignment<E> {
  /** Complete rows, and rows that lack optional modalities only. */
  readonly ready: readonly AlignedRow<E>[];
  /** Rows without a required modality: kept visible, never dropped in silence. */
  readonly quarantined: readonly AlignedRow<E>[];
  /** Events that no row can take any more: they came behind the watermark, or nothing was near enough to them. */
  readonly unused: readonly UnusedEvent<E>[];
}

/** An event that no row takes, and why. */
export interface UnusedEvent<E> {
  readonly modality: Modality<E>;
  /** Event time, milliseconds since 1970. */
  readonly time: number;
  readonly value: Required<E>[Modality<E>];
  /** `late`: it came behind the watermark. `unmatched`: no row was near enough. */
  readonly reason: 'late' | 'unmatched';
}

/** Joins events of several modalities by event time. A state machine: no clock, no timer; time is in the events. */
export interface Aligner<E> {
  /** Takes an event and returns the rows that it completes. Events behind the watermark are counted as late. */
  push<M extends Modality<E>>(modality: M, time: number, value: Required<E>[M]): Alignment<E>;
  /** The end of the stream: everything that waits is decided. */
  flush(): Alignment<E>;
  /** No row before this time is open any more. */
  readonly watermark: number;
  /** Share of rows in which each modality was there. NaN before the first row. */
  completeness(modality: Modality<E>): number;
  readonly late: number;
}

/**
 * An aligner for the modalities of `E`.
 *
 * @throws `input/invalid` for an anchor that is none of them
 * @example
 * const events = aligner<{ image: Tensor<'uint8'>; force: number; note?: string }>({
 *   modalities: modalitiesOf(contract, { image: 100, force: 0, note: 3_000 }),
 *   anchor: 'force',
 *   latenessMs: 2_000,
 * });
 */
export function aligner<E extends object>(options: AlignerOptions<E>): Aligner<E> {
  type M = Modality<E>;
  type T = Required<E>[M];
  const { modalities, anchor, latenessMs, maxWaiting = 10_000 } = options;
  const names = Object.keys(modalities) as M[];
  if (!names.includes(anchor)) throw invalidInput('anchor', `one of ${names.join(', ')}`, anchor);
  const others = names.filter((name) => name !== anchor);
  const widest = Math.max(0, ...others.map((name) => modalities[name].toleranceMs));
  const events = new Map<M, Waiting<T>[]>(names.map((name) => [name, []]));
  const newest = new Map<M, number>();
  const present = new Map<M, number>();
  let rows = 0;
  let late = 0;
  let watermark = Number.NEGATIVE_INFINITY;

  function push(modality: M, time: number, value: T): Alignment<E> {
    const list = events.get(modality);
    if (list === undefined) throw invalidInput('modality', `one of ${names.join(', ')}`, modality);
    if (!Number.isFinite(time)) throw invalidInput('time', 'milliseconds', time);
    if (time < (newest.get(modality) ?? time) - latenessMs || (modality === anchor && time < watermark)) {
      late++;
      return { ready: [], quarantined: [], unused: [{ modality, time, value, reason: 'late' }] };
    }
    let at = list.length;
    while (at > 0 && list[at - 1]!.time > time) at--;
    list.splice(at, 0, { time, value, used: false });
    newest.set(modality, Math.max(newest.get(modality) ?? time, time));
    // A modality that has not come yet holds the watermark only if it is required: an optional one may be absent for ever.
    const holding = names.filter((name) => name === anchor || newest.has(name) || (modalities[name].required ?? true));
    const reached = Math.min(...holding.map((name) => newest.get(name) ?? Number.NEGATIVE_INFINITY));
    return decide(reached - latenessMs - widest);
  }

  function decide(upTo: number): Alignment<E> {
    const ready: AlignedRow<E>[] = [];
    const quarantined: AlignedRow<E>[] = [];
    const unused: UnusedEvent<E>[] = [];
    const anchors = events.get(anchor)!;
    while (anchors.length > 0 && (anchors[0]!.time <= upTo || anchors.length > maxWaiting)) {
      const row = join(anchors.shift()!);
      const lacking = row.missing.some((name) => modalities[name].required ?? true);
      (lacking ? quarantined : ready).push(row);
      watermark = Math.max(watermark, row.time);
    }
    if (Number.isFinite(upTo)) watermark = Math.max(watermark, upTo);
    for (const name of others) {
      const list = events.get(name)!;
      const open = upTo === Number.POSITIVE_INFINITY ? upTo : watermark - modalities[name].toleranceMs;
      while (list.length > 0 && (list[0]!.time < open || list.length > maxWaiting)) {
        const { time, value, used } = list.shift()!;
        if (!used) unused.push({ modality: name, time, value, reason: 'unmatched' });
      }
    }
    return { ready, quarantined, unused };
  }

  function join({ time, value }: { readonly time: number; readonly value: T }): AlignedRow<E> {
    const values = new Map<M, T>([[anchor, value]]);
    const missing: M[] = [];
    for (const name of others) {
      const near = nearest(events.get(name)!, time);
      if (near !== undefined && Math.abs(near.time - time) <= modalities[name].toleranceMs) {
        near.used = true;
        values.set(name, near.value);
      } else missing.push(name);
    }
    rows++;
    for (const name of values.keys()) present.set(name, (present.get(name) ?? 0) + 1);
    return { time, values, missing };
  }

  return {
    push,
    flush: () => decide(Number.POSITIVE_INFINITY),
    get watermark() {
      return watermark;
    },
    completeness: (modality) => (present.get(modality) ?? 0) / rows,
    get late() {
      return late;
    },
  };
}

interface Waiting<T> {
  readonly time: number;
  readonly value: T;
  /** A row has taken it; others may, too. */
  used: boolean;
}

/** The event closest in time; the earlier one of two that are equally close. */
function nearest<E extends { readonly time: number }>(list: readonly E[], time: number): E | undefined {
  let best: E | undefined;
  for (const event of list) {
    if (best === undefined || Math.abs(event.time - time) < Math.abs(best.time - time)) best = event;
    else if (event.time > time) break;
  }
  return best;
}
