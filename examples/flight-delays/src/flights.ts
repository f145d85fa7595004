import { createReadStream, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readParquet } from '@millwright/adapters/parquet';
import {
  columnOf,
  type DictionaryChunk,
  type NumberChunk,
  sliceTable,
  type Table,
  tableFrom,
} from '@millwright/core/table';

/** Where the development dependency `vega-datasets` keeps three million US flights, January to June 2001. */
export function flightsFile(): string {
  // The package exports its code only; the data lies beside it.
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  return join(entry.slice(0, entry.lastIndexOf('vega-datasets')), 'vega-datasets', 'data', 'flights-3m.parquet');
}

/** The columns of the example: those of the file, and the hour and the weekday of the scheduled departure. */
export const COLUMNS = ['date', 'delay', 'miles', 'origin', 'destination', 'hour', 'weekday'] as const;

/** Reads all flights into typed columns, sorted by departure. @throws when the file is not there */
export async function readFlights(file: string, onProgress: (done: number, total: number) => void): Promise<Table> {
  if (!existsSync(file))
    throw new Error(`The flights are missing: ${file} does not exist. Run npm ci to install vega-datasets again.`);
  const source = await readParquet(await readWhole(file), {
    columns: { date: 'timestamp', delay: 'i16', distance: 'i16', origin: 'dictionary', destination: 'dictionary' },
    onProgress: ({ done, total }) => onProgress(done, total),
  });
  const date = columnOf(source, 'date');
  const hour = new Uint8Array(source.rowCount);
  const weekday = new Uint8Array(source.rowCount);
  let row = 0;
  for (const chunk of date.chunks as readonly NumberChunk[]) {
    for (let i = 0; i < chunk.length; i++, row++) {
      const minutes = Math.floor(chunk.values[i]! / 60_000);
      hour[row] = Math.floor(minutes / 60) % 24;
      // 1970-01-01 was a Thursday; Sunday is 0.
      weekday[row] = (Math.floor(minutes / 1440) + 4) % 7;
    }
  }
  return tableFrom({
    date,
    delay: columnOf(source, 'delay'),
    miles: { ...columnOf(source, 'distance'), name: 'miles' },
    origin: columnOf(source, 'origin'),
    destination: columnOf(source, 'destination'),
    hour,
    weekday,
  });
}

async function readWhole(file: string): Promise<ArrayBuffer> {
  const parts: Buffer[] = [];
  for await (const part of createReadStream(file, { highWaterMark: 1 << 20 })) parts.push(part as Buffer);
  const whole = Buffer.concat(parts);
  return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength) as ArrayBuffer;
}

/** The flights as flat arrays, for loops that touch every row: training, replay. Codes index the airport lists. */
export interface FlightArrays {
  readonly length: number;
  readonly date: Float64Array;
  readonly delay: Int16Array;
  readonly miles: Int16Array;
  readonly hour: Uint8Array;
  readonly weekday: Uint8Array;
  readonly origin: Int32Array;
  readonly destination: Int32Array;
  readonly origins: readonly string[];
  readonly destinations: readonly string[];
}

/** One copy of the table's columns into flat arrays. */
export function flatten(table: Table): FlightArrays {
  const numbers = <A extends Float64Array | Int16Array | Uint8Array>(name: string, into: A): A => {
    let at = 0;
    for (const chunk of columnOf(table, name).chunks as readonly NumberChunk[]) {
      into.set(chunk.values.subarray(0, chunk.length) as never, at);
      at += chunk.length;
    }
    return into;
  };
  const codes = (name: string) => {
    const out = new Int32Array(table.rowCount);
    let at = 0;
    let dictionary: readonly (string | null)[] = [];
    for (const chunk of columnOf(table, name).chunks as readonly DictionaryChunk[]) {
      out.set(chunk.codes.subarray(0, chunk.length), at);
      at += chunk.length;
      dictionary = chunk.dictionary;
    }
    return { out, dictionary: dictionary.map((value) => value ?? '') };
  };
  const origin = codes('origin');
  const destination = codes('destination');
  return {
    length: table.rowCount,
    date: numbers('date', new Float64Array(table.rowCount)),
    delay: numbers('delay', new Int16Array(table.rowCount)),
    miles: numbers('miles', new Int16Array(table.rowCount)),
    hour: numbers('hour', new Uint8Array(table.rowCount)),
    weekday: numbers('weekday', new Uint8Array(table.rowCount)),
    origin: origin.out,
    destination: destination.out,
    origins: origin.dictionary,
    destinations: destination.dictionary,
  };
}

/** First row at or after a time; the flights are sorted by departure. */
export function rowAtTime(date: Float64Array, time: number): number {
  let low = 0;
  let high = date.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (date[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Period {
  /** `2001-03`, `2001-03-14` */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly start: number;
  readonly end: number;
}

/** The rows between two times, without a copy. */
export function between(table: Table, date: Float64Array, startMs: number, endMs: number): Table {
  return sliceTable(table, rowAtTime(date, startMs), rowAtTime(date, endMs));
}

/** Calendar months of 2001 that have flights, with their row ranges. The six flights of July 1 belong to June's. */
export function months(date: Float64Array): Period[] {
  return Array.from({ length: 6 }, (_, month) => {
    const startMs = Date.UTC(2001, month, 1);
    const endMs = month === 5 ? Number.POSITIVE_INFINITY : Date.UTC(2001, month + 1, 1);
    return { name: `2001-0${month + 1}`, startMs, endMs, start: rowAtTime(date, startMs), end: rowAtTime(date, endMs) };
  });
}

/** The days from one row to another, with their row ranges. */
export function days(date: Float64Array, start: number, end: number): Period[] {
  const out: Period[] = [];
  for (let row = start; row < end; ) {
    const startMs = Math.floor(date[row]! / DAY_MS) * DAY_MS;
    const next = Math.min(end, rowAtTime(date, startMs + DAY_MS));
    out.push({
      name: new Date(startMs).toISOString().slice(0, 10),
      startMs,
      endMs: startMs + DAY_MS,
      start: row,
      end: next,
    });
    row = next;
  }
  return out;
}

export const DAY_MS = 86_400_000;
