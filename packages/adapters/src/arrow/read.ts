import { MillwrightError } from '@millwright/core';
import { type Table, tableFromArrow } from '@millwright/core/table';
import { peer } from '../shared/peer.js';

/** How strictly the end of an Arrow IPC stream is read. */
export interface ReadArrowOptions {
  /** Accept a stream that ends between two messages without saying that it ends. Default false: it may have been cut off. */
  readonly openEnd?: boolean | undefined;
}

/**
 * An Arrow IPC stream or file as a table, without copying what is not compressed. The framing is checked before Arrow JS
 * sees a byte, so that a download that broke off is an error and not a shorter table. Whoever wrote the bytes is trusted
 * with the metadata, which Arrow JS reads; buffers that contradict it are found out. Needs the optional peer
 * `apache-arrow`.
 *
 * @throws `peer/missing`; `table/corrupt` for bytes that are no Arrow IPC, cut off, or contradict themselves
 * @example
 * const table = await readArrow(new Uint8Array(await response.arrayBuffer()));
 */
export async function readArrow(bytes: Uint8Array, { openEnd = false }: ReadArrowOptions = {}): Promise<Table> {
  const arrow = await peer('apache-arrow', () => import('apache-arrow'));
  const problem = hasMagic(bytes, 0) ? fileProblem(bytes) : streamProblem(bytes, openEnd);
  if (problem !== undefined) throw corrupt(problem);
  let parsed: Parameters<typeof tableFromArrow>[0];
  try {
    parsed = arrow.tableFromIPC(bytes);
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : String(cause), cause);
  }
  return tableFromArrow(parsed);
}

const MAGIC = [...'ARROW1'].map((letter) => letter.charCodeAt(0));

function hasMagic(bytes: Uint8Array, at: number): boolean {
  return MAGIC.every((byte, i) => bytes[at + i] === byte);
}

/** A file ends with its footer, the footer's size and the magic. */
function fileProblem(bytes: Uint8Array): string | undefined {
  const end = bytes.length - MAGIC.length;
  if (end < 12 || !hasMagic(bytes, end)) return 'the file was cut off: it does not end as it begins';
  const footer = viewOf(bytes).getInt32(end - 4, true);
  return footer > 0 && footer <= end - 12 ? undefined : `the footer claims ${footer} of ${bytes.length} bytes`;
}

/** Messages one after the other: a marker, the size of the metadata, the metadata, and the body whose size it tells. */
function streamProblem(bytes: Uint8Array, openEnd: boolean): string | undefined {
  const view = viewOf(bytes);
  let at = 0;
  while (at < bytes.length) {
    const marked = at + 4 <= bytes.length && view.getUint32(at, true) === 0xffff_ffff;
    const start = at + (marked ? 8 : 4);
    if (start > bytes.length) return `the stream was cut off at byte ${bytes.length}, inside a message`;
    const size = view.getInt32(start - 4, true);
    if (size === 0) return undefined;
    const body = size > 0 && start + size <= bytes.length ? bodyLength(view, start, size) : undefined;
    if (body === undefined || start + size + body > bytes.length)
      return `the stream was cut off at byte ${bytes.length}, inside the message at ${at}`;
    at = start + size + body;
  }
  return openEnd && at > 0 ? undefined : `the stream ends at byte ${bytes.length} without saying so`;
}

/** `bodyLength` of a Message (field 3 of its flatbuffer, 0 when absent); undefined when the offsets lead outside. */
function bodyLength(view: DataView, start: number, size: number): number | undefined {
  const within = (at: number, bytes: number) => at >= start && at + bytes <= start + size;
  if (size < 4) return undefined;
  const table = start + view.getUint32(start, true);
  if (!within(table, 4)) return undefined;
  const fields = table - view.getInt32(table, true);
  if (!within(fields, 4)) return undefined;
  const slot = 4 + 2 * 3;
  if (view.getUint16(fields, true) < slot + 2) return 0;
  if (!within(fields + slot, 2)) return undefined;
  const offset = view.getUint16(fields + slot, true);
  if (offset === 0) return 0;
  if (!within(table + offset, 8)) return undefined;
  const length = Number(view.getBigInt64(table + offset, true));
  return length >= 0 ? length : undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corrupt(reason: string, cause?: unknown): MillwrightError<'table/corrupt'> {
  return new MillwrightError('table/corrupt', `The Arrow IPC is corrupt: ${reason}. Read it again from its source.`, {
    details: { column: '', reason },
    cause,
  });
}
