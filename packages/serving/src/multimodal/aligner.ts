import { invalidInput } from '@millwright/core';

/** One modality of an aligned input. */
export interface ModalitySpec {
  /** Furthest that its event may be from the anchor's, in milliseconds of event time. */
  readonly toleranceMs: number;
  /** Without it, the row goes to quarantine. Default true. */
  readonly required?: boolean | undefined;
}

export interface AlignerOptions<M extends string> {
  readonly modalities: Readonly<Record<M, ModalitySpec>>;
  /** The modality whose events make rows; the others are joined to them. */
  readonly anchor: M;
  /** How late an event may come, in milliseconds of event time behind the newest of its modality. */
  readonly latenessMs: number;
  /** Events of each modality that may wait. When one more comes, the oldest anchor is decided, the oldest other event is unused. Default 10,000. */
  readonly maxWaiting?: number | undefined;
}

/** An anchor event with the nearest event of each other modality, or with what was missing. */
export interface AlignedRow<M extends string, T> {
  readonly time: number;
  readonly values: ReadonlyMap<M, T>;
  readonly missing: readonly M[];
}

export interface Alignment<M extends string, T> {
  /** Complete rows, and rows that lack optional modalities only. */
  readonly ready: readonly AlignedRow<M, T>[];
  /** Rows without a required modality: kept visible, never dropped in silence. */
  readonly quarantined: readonly AlignedRow<M, T>[];
  /** Events that no row can take any more: they came behind the watermark, or nothing was near enough to them. */
  readonly unused: readonly UnusedEvent<M, T>[];
}

export interface UnusedEvent<M extends string, T> {
  readonly modality: M;
  readonly time: number;
  readonly value: T;
  readonly reason: 'late' | 'unmatched';
}

/** Joins events of several modalities by event time. A state machine: no clock, no timer; time is in the events. */
export interface Aligner<M extends string, T> {
  /** Takes an event and returns the rows that it completes. Events behind the watermark are counted as late. */
  push(modality: M, time: number, value: T): Alignment<M, T>;
  /** The end of the stream: everything that waits is decided. */
  flush(): Alignment<M, T>;
  /** No row before this time is open any more. */
  readonly watermark: number;
  /** Share of rows in which each modality was there. NaN before the first row. */
  completeness(modality: M): number;
  readonly late: number;
}

export function aligner<M extends string, T>(options: AlignerOptions<M>): Aligner<M, T> {
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

  function push(modality: M, time: number, value: T): Alignment<M, T> {
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

  function decide(upTo: number): Alignment<M, T> {
    const ready: AlignedRow<M, T>[] = [];
    const quarantined: AlignedRow<M, T>[] = [];
    const unused: UnusedEvent<M, T>[] = [];
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

  function join({ time, value }: { readonly time: number; readonly value: T }): AlignedRow<M, T> {
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
