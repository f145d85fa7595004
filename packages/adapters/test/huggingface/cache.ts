import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A cache as the hub's libraries leave it: large files by their SHA-256, others by the id that git gives them. */
export function hubCache(
  repository: string,
  files: Readonly<Record<string, string>>,
  large: (path: string) => boolean,
) {
  const cache = mkdtempSync(join(tmpdir(), 'millwright-hub-'));
  const root = join(cache, `models--${repository.replace('/', '--')}`);
  const blobs = join(root, 'blobs');
  const snapshot = join(root, 'snapshots', COMMIT);
  for (const folder of [blobs, join(root, 'refs'), snapshot]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, 'refs', 'main'), COMMIT);
  const blobOf = new Map<string, string>();
  for (const [path, text] of Object.entries(files)) {
    const etag = large(path)
      ? createHash('sha256').update(text).digest('hex')
      : createHash('sha1')
          .update(`blob ${Buffer.byteLength(text)}\0${text}`)
          .digest('hex');
    const blob = join(blobs, etag);
    const link = join(snapshot, path);
    writeFileSync(blob, text);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), blob), link);
    blobOf.set(path, blob);
  }
  return { cache, root, snapshot, blobOf: (path: string) => blobOf.get(path)! };
}
