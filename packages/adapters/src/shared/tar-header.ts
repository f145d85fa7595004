import { MillwrightError } from '@millwright/core';

/** What a header of 512 bytes says of what follows it. */
export interface TarHeader {
  /** `0` and NUL are plain files, `5` is a folder, `x`, `g` and `L` name what comes next. */
  readonly kind: string;
  readonly path: string;
  readonly size: number;
}

/** Fields by where they stand (POSIX.1-2017, pax, "ustar Interchange Format"). @throws `artifact/invalid` */
export function headerOf(block: Uint8Array): TarHeader {
  const path = text(untilNul(block.subarray(0, 100)));
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? SPACE : byte), 0);
  if (numberIn(block.subarray(148, 156), path) !== sum) throw refusedArchive(path, 'its checksum does not hold');
  // GNU's own format has other things where POSIX has the beginning of a long path.
  const posix = text(block.subarray(257, 263)) === 'ustar\0';
  const prefix = posix ? text(untilNul(block.subarray(345, 500))) : '';
  return {
    kind: String.fromCharCode(block[156]!),
    path: prefix === '' ? path : `${prefix}/${path}`,
    size: numberIn(block.subarray(124, 136), path),
  };
}

/** The path that GNU tar writes before a file when the header has no room for it. */
export function longName(bytes: Uint8Array): Partial<TarHeader> {
  return { path: text(untilNul(bytes)) };
}

/**
 * Path and size of a pax header: `length key=value\n`, where the length counts itself. One for all files may hold neither.
 * @throws `artifact/invalid`
 */
export function paxNames(bytes: Uint8Array, kind: 'x' | 'g'): Partial<TarHeader> {
  let names: Partial<TarHeader> = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const space = bytes.indexOf(SPACE, at);
    const end = at + Number(space < 0 ? Number.NaN : digits(bytes.subarray(at, space)));
    const equals = bytes.indexOf(EQUALS, space);
    if (!(end <= bytes.byteLength && space < equals && equals < end && bytes[end - 1] === NEWLINE))
      throw refusedArchive('.', 'a pax header is broken');
    const key = text(bytes.subarray(space + 1, equals));
    const value = bytes.subarray(equals + 1, end - 1);
    if (key.startsWith('GNU.sparse.')) throw refusedArchive('.', 'a file is sparse');
    if (key === 'path') names = { ...names, path: text(value) };
    if (key === 'size') names = { ...names, size: Number(digits(value)) };
    at = end;
  }
  if (kind === 'g' && Object.keys(names).length > 0) throw refusedArchive('.', 'a pax header names all files alike');
  return names;
}

/** An archive that is not unpacked. */
export function refusedArchive(path: string, reason: string): MillwrightError<'artifact/invalid'> {
  return new MillwrightError('artifact/invalid', `The archive is refused at \`${path}\`: ${reason}.`, {
    details: { path, reason },
  });
}

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/** Octal digits, or, where those do not suffice, GNU's base 256 behind a byte of 0x80. */
function numberIn(field: Uint8Array, path: string): number {
  if (field[0] === 0x80)
    return safe(
      field.subarray(1).reduce((value, byte) => value * 256 + byte, 0),
      path,
    );
  const octal = /^ *([0-7]*)[\0 ]*$/.exec(String.fromCharCode(...field))?.[1];
  if (octal === undefined) throw refusedArchive(path, 'a number of its header is none');
  return safe(octal === '' ? 0 : Number.parseInt(octal, 8), path);
}

function safe(value: number, path: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw refusedArchive(path, 'a number of its header is too large');
}

function digits(bytes: Uint8Array): string {
  const decimal = text(bytes);
  if (/^[0-9]{1,15}$/.test(decimal)) return decimal;
  throw refusedArchive('.', 'a pax header is broken');
}

function untilNul(field: Uint8Array): Uint8Array {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusedArchive('.', 'a name is not UTF-8');
  }
}
