import { invalidInput } from '@millwright/core';

/** Feature rows as they became known: which entity, for when, and when they were written. */
export interface FeatureRows {
  readonly keys: ArrayLike<string | number>;
  /** Time that the values speak of, milliseconds. */
  readonly times: ArrayLike<number>;
  /** Time from which they could be read. Needed for `available`. */
  readonly created?: ArrayLike<number> | undefined;
}

/** Which of an entity's earlier rows may be used at a time. */
export interface AsOfOptions {
  /** Oldest age that still counts, milliseconds, inclusive; 0 means only values of the very moment. Default: any age. */
  readonly ttlMs?: number | undefined;
  /** Whether a value of the very moment counts. Default true. */
  readonly exactMatch?: boolean | undefined;
  /** Only rows that had been written by then: stops late arrivals from leaking into training data. Default false. */
  readonly available?: boolean | undefined;
}

/** A value is `present` within its time to live, or it is said why there is none. What has expired is never handed out as fresh. */
export type FeatureRead =
  | { readonly status: 'present'; readonly row: number; readonly ageMs: number }
  | { readonly status: 'outside-ttl'; readonly ageMs: number }
  | { readonly status: 'missing' };

/** Rows indexed by entity and time. Training joins and online reads go through the same lookup. */
export interface FeatureHistory {
  /** The newest row of the entity as of a time. */
  at(key: string | number, time: number, options?: AsOfOptions): FeatureRead;
  /** The row for each entity and time, or -1: a point-in-time join. */
  join(entities: Pick<FeatureRows, 'keys' | 'times'>, options?: AsOfOptions): Int32Array;
}

/**
 * Builds the index: rows of an entity in order of time, then of creation, then of appearance.
 *
 * @throws `input/invalid` for columns of different length or times that are NaN
 */
export function featureHistory(rows: FeatureRows): FeatureHistory {
  const { keys, times, created } = rows;
  const byKey = new Map<string | number, number[]>();
  if (times.length !== keys.length || (created !== undefined && created.length !== keys.length))
    throw invalidInput('rows', `${keys.length} times for ${keys.length} keys`, times.length);
  for (let row = 0; row < keys.length; row++) {
    if (Number.isNaN(times[row])) throw invalidInput(`times[${row}]`, 'a time', times[row]);
    const list = byKey.get(keys[row]!);
    if (list === undefined) byKey.set(keys[row]!, [row]);
    else list.push(row);
  }
  for (const list of byKey.values())
    list.sort((a, b) => times[a]! - times[b]! || (created === undefined ? 0 : created[a]! - created[b]!) || a - b);

  const at = (key: string | number, time: number, options: AsOfOptions): FeatureRead => {
    const { ttlMs = Number.POSITIVE_INFINITY, exactMatch = true, available = false } = options;
    const list = byKey.get(key);
    if (list === undefined) return MISSING;
    for (let place = lastBefore(list, times, time, exactMatch); place >= 0; place--) {
      const row = list[place]!;
      if (available && !(created![row]! <= time)) continue;
      const ageMs = time - times[row]!;
      return ageMs <= ttlMs ? { status: 'present', row, ageMs } : { status: 'outside-ttl', ageMs };
    }
    return MISSING;
  };
  const checked = (options: AsOfOptions) => {
    if (options.available === true && created === undefined)
      throw invalidInput('created', 'the times of writing, which `available` needs', created);
    if (options.ttlMs !== undefined && !(options.ttlMs >= 0))
      throw invalidInput('ttlMs', 'a duration of 0 or more', options.ttlMs);
    return options;
  };

  return {
    at: (key, time, options = {}) => at(key, time, checked(options)),
    join(entities, options = {}) {
      checked(options);
      return Int32Array.from({ length: entities.keys.length }, (_, i) => {
        const read = at(entities.keys[i]!, entities.times[i]!, options);
        return read.status === 'present' ? read.row : -1;
      });
    },
  };
}

const MISSING: FeatureRead = { status: 'missing' };

/** Last place whose time is at (or only before) `time`, by bisection; -1 when there is none. */
function lastBefore(list: readonly number[], times: ArrayLike<number>, time: number, exactMatch: boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const t = times[list[middle]!]!;
    if (t < time || (exactMatch && t === time)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
