import { type Abortable, canonicalJson, type Json, type JsonObject } from '@millwright/core';
import { readSegment, type SealedSegment } from '@millwright/core/ledger';
import type { BlobStore } from '@millwright/core/storage';
import type { Vector } from 'apache-arrow';
import { peer } from './shared/peer.js';

export { type ReadArrowOptions, readArrow } from './arrow/read.js';
export { type WriteArrowOptions, writeArrow } from './arrow/write.js';

/**
 * The records of a sealed segment as an Arrow IPC stream, checked by the segment's digest first: for DuckDB, Polars,
 * pandas, or `tableFromArrow`. One column per member of the records, in order of appearance: numbers (f64), booleans,
 * text (dictionary); members that are objects, arrays or of several kinds become canonical JSON text. A member that a
 * record lacks is null. Undefined when retention has deleted the segment. Needs the optional peer `apache-arrow`.
 *
 * @throws `peer/missing`, `storage/corrupt`
 * @example
 * await writeFile('decisions.arrows', await segmentToArrow(blobs, segment));
 */
export async function segmentToArrow(
  blobs: BlobStore,
  segment: Pick<SealedSegment, 'digest'>,
  options: Abortable = {},
): Promise<Uint8Array | undefined> {
  const arrow = await peer('apache-arrow', () => import('apache-arrow'));
  const records = await readSegment(blobs, segment, options);
  if (records === undefined) return undefined;
  const columns: Record<string, Vector> = Object.create(null);
  for (const name of new Set(records.flatMap(Object.keys))) {
    const values = records.map((record) => (Object.hasOwn(record, name) ? record[name] : null) ?? null);
    const kind = kindOf(values);
    if (kind === 'number') columns[name] = arrow.vectorFromArray(values, new arrow.Float64());
    else if (kind === 'boolean') columns[name] = arrow.vectorFromArray(values, new arrow.Bool());
    else {
      const texts = values.map((value) => (value === null || kind === 'string' ? value : canonicalJson(value)));
      columns[name] = arrow.vectorFromArray(texts, new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()));
    }
  }
  return arrow.tableToIPC(new arrow.Table(columns), 'stream');
}

/** The one kind that all values but null have; `json` when there is none, or it is no scalar. */
function kindOf(values: readonly (Json | JsonObject)[]): 'number' | 'boolean' | 'string' | 'json' {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  const [only] = kinds;
  return kinds.size === 1 && (only === 'number' || only === 'boolean' || only === 'string') ? only : 'json';
}
