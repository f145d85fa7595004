import { watch } from 'node:fs/promises';
import { codeOf, type Disk } from './disk.js';

/**
 * Yields when the log may have grown, and once when it has begun to look. Every append, of whichever process, has a
 * temporary file that it removes after the commit is visible, so the folder of those is what is watched: the last of its
 * changes comes after the commit.
 */
export async function* watchFolder(
  temporary: string,
  disk: Disk,
  signal: AbortSignal | undefined,
): AsyncGenerator<void, void, undefined> {
  // Of our own: who leaves the loop ends the watch at once, and not with the next change.
  const left = new AbortController();
  const leave = () => left.abort();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    await disk.makeDirectory(temporary);
    if (signal?.aborted === true) return;
    const changes = watch(temporary, { signal: left.signal })[Symbol.asyncIterator]();
    // The system is asked for changes by the first `next`; only after that may the caller read what is there.
    for (let change = changes.next(); ; change = changes.next()) {
      change.catch(() => undefined);
      yield;
      if ((await change).done === true) return;
    }
  } catch (error) {
    if (signal?.aborted === true) return;
    throw codeOf(error) === undefined ? error : disk.failed('watch the log', error);
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
  }
}
