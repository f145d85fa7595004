import { type Digest, digestBytes, encodeUtf8, invalidInput } from '@millwright/core';
import { type ColumnView, readCodes, readNumbers } from '@millwright/core/table';

/**
 * Where a slice's values come from: a column of a table, codes into labels (declared labels without rows are empty slices),
 * or one value per row.
 */
export type SliceSource =
  | ColumnView
  | { readonly codes: ArrayLike<number>; readonly labels: readonly string[]; readonly found?: true | undefined }
  | ArrayLike<string | number | boolean | null>;

/** A slice as the kernels take it: a code per row, -1 for rows without a value. */
export interface CodedSlice {
  readonly name: string;
  readonly codes: Int32Array;
  readonly labels: readonly string[];
  /** The labels were declared, so that one without rows is a gap and not merely absent. */
  readonly declared: boolean;
  /** The slice was found by searching these rows. */
  readonly found: boolean;
  readonly digest: Digest;
}

/** Reads a slice. @throws `input/invalid` when it has another number of rows, or codes without a label */
export function codeSlice(name: string, source: SliceSource, rows: number): CodedSlice {
  const { codes, labels, declared } = read(name, source);
  if (codes.length !== rows) throw invalidInput(`slices.${name}`, `${rows} rows, as the truth`, codes.length);
  for (let i = 0; i < codes.length; i++)
    if (!(codes[i]! >= -1 && codes[i]! < labels.length))
      throw invalidInput(`slices.${name}`, `codes between -1 and ${labels.length - 1}`, codes[i]);
  const found = 'found' in source && source.found === true;
  return { name, codes, labels, declared: declared && !found, found, digest: digestSlice(codes, labels) };
}

/**
 * Rows by the hour, day, week (by its Monday) or month of their time in UTC, for slices in order of time.
 *
 * @example
 * compare({ truth, champion, challenger, slices: { day: timeSlice(departures, 'day') } });
 */
export function timeSlice(
  timesMs: ArrayLike<number> | ColumnView,
  every: 'hour' | 'day' | 'week' | 'month',
): SliceSource {
  const times = 'chunks' in timesMs ? readNumbers(timesMs) : timesMs;
  const label = (time: number): string | undefined => {
    if (!(Math.abs(time) <= 8.64e15)) return undefined;
    const date = new Date(time);
    if (every === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
    const at = date.toISOString();
    if (every === 'hour') return `${at.slice(0, 13)}:00`;
    return every === 'month' ? at.slice(0, 7) : at.slice(0, 10);
  };
  const { codes, labels } = intern(times.length, (i) => label(times[i]!));
  const order = labels.map((_, code) => code).sort((a, b) => (labels[a]! < labels[b]! ? -1 : 1));
  const rank = new Int32Array(labels.length);
  for (const [to, from] of order.entries()) rank[from] = to;
  return { codes: codes.map((code) => (code < 0 ? -1 : rank[code]!)), labels: order.map((code) => labels[code]!) };
}

/** The cross of two or more slices: `origin × hour`, one label per combination that occurs. */
export function crossSlices(parts: readonly CodedSlice[]): CodedSlice {
  const rows = parts[0]!.codes.length;
  const codes = new Int32Array(rows);
  const index = new Map<number, number>();
  const labels: string[] = [];
  for (let i = 0; i < rows; i++) {
    let key = 0;
    for (const { codes: part, labels: names } of parts)
      key = part[i]! < 0 || key < 0 ? -1 : key * names.length + part[i]!;
    if (key < 0) {
      codes[i] = -1;
      continue;
    }
    let code = index.get(key);
    if (code === undefined) {
      code = labels.length;
      index.set(key, code);
      labels.push(parts.map((part) => part.labels[part.codes[i]!]!).join(' × '));
    }
    codes[i] = code;
  }
  return {
    name: parts.map(({ name }) => name).join(' × '),
    codes,
    labels,
    declared: false,
    found: parts.some((part) => part.found),
    digest: digestSlice(codes, labels),
  };
}

function read(name: string, source: SliceSource): Pick<CodedSlice, 'codes' | 'labels' | 'declared'> {
  if ('chunks' in source) return readColumn(source);
  if ('codes' in source) return { codes: Int32Array.from(source.codes), labels: source.labels, declared: true };
  if (typeof source !== 'object' || typeof source.length !== 'number')
    throw invalidInput(`slices.${name}`, 'a column, `{ codes, labels }` or one value per row', source);
  return intern(source.length, (i) => {
    const value = source[i];
    return value === null || value === undefined || Number.isNaN(value) ? undefined : String(value);
  });
}

function readColumn(column: ColumnView): Pick<CodedSlice, 'codes' | 'labels' | 'declared'> {
  if (column.type === 'dictionary' || column.type === 'utf8' || column.type === 'bool') {
    const { codes, dictionary } = readCodes(column);
    return { codes, labels: dictionary, declared: false };
  }
  const numbers = readNumbers(column);
  return intern(numbers.length, (i) => (Number.isNaN(numbers[i]) ? undefined : String(numbers[i])));
}

function intern(
  rows: number,
  labelAt: (i: number) => string | undefined,
): Pick<CodedSlice, 'codes' | 'labels' | 'declared'> {
  const codes = new Int32Array(rows);
  const labels: string[] = [];
  const index = new Map<string, number>();
  for (let i = 0; i < rows; i++) {
    const label = labelAt(i);
    let code = label === undefined ? -1 : index.get(label);
    if (code === undefined) {
      code = labels.length;
      index.set(label!, code);
      labels.push(label!);
    }
    codes[i] = code;
  }
  return { codes, labels, declared: false };
}

function digestSlice(codes: Int32Array, labels: readonly string[]): Digest {
  const head = encodeUtf8(`${JSON.stringify(labels)}\n`);
  const bytes = new Uint8Array(head.length + codes.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength), head.length);
  return digestBytes(bytes);
}
