import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { MillwrightError } from '@millwright/core';

export interface FileClaim {
  /** Logical path, for the error. */
  readonly name: string;
  readonly algorithm: 'sha256' | 'sha1';
  /** Lower-case hexadecimal digits. */
  readonly hex: string;
  /** What is hashed before the bytes, as git does. */
  readonly prefix?: string | undefined;
  /** The part of the file that is meant. Default all of it. */
  readonly part?: { readonly offset: number; readonly size: number } | undefined;
}

/** A file's bytes, of which a part must have some; fails at their end when they are not what is claimed. @throws `artifact/mismatch`, `storage/failed` */
export async function* checkedFile(path: string, claim: FileClaim): AsyncGenerator<Uint8Array, void, undefined> {
  const { name, algorithm, hex, prefix = '', part } = claim;
  const hash = createHash(algorithm).update(prefix);
  try {
    for await (const chunk of createReadStream(
      path,
      part && { start: part.offset, end: part.offset + part.size - 1 },
    )) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw fileFailed('read', path, cause);
  }
  const actual = hash.digest('hex');
  if (actual === hex) return;
  const message = `Expected \`${name}\` to have the ${algorithm} ${hex}, got ${actual}. Fetch it again from its source.`;
  throw new MillwrightError('artifact/mismatch', message, {
    details: { path: name, expected: `${algorithm}:${hex}`, actual: `${algorithm}:${actual}` },
  });
}

/** What the file system says, as an error with a code. */
export function fileFailed(
  operation: 'read' | 'write',
  path: string,
  cause: unknown,
): MillwrightError<'storage/failed'> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillwrightError('storage/failed', `Could not ${operation} \`${path}\`: ${reason}`, {
    details: { store: path, operation },
    cause,
  });
}
