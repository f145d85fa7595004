import { join } from 'node:path';
import type { HintSlot } from '@millwright/core/storage';
import { codeOf, type Disk, ifPresent } from './disk.js';

/** A hint as the file `hint`, replaced by renaming: a reader sees the old text or the new one, whole. */
export function folderHint(root: string, disk: Disk): HintSlot {
  const path = join(root, 'hint');
  return {
    async get(options) {
      options?.signal?.throwIfAborted();
      try {
        const file = await ifPresent(disk.calls.open(path, 'r'));
        if (file === undefined) return undefined;
        try {
          const text = Buffer.alloc(MAX_HINT_BYTES);
          const { bytesRead } = await file.read(text, 0, MAX_HINT_BYTES, 0);
          return text.toString('utf8', 0, bytesRead);
        } finally {
          await file.close();
        }
      } catch (error) {
        throw codeOf(error) === undefined ? error : disk.failed('read the hint', error);
      }
    },
    async set(text, options) {
      options?.signal?.throwIfAborted();
      try {
        const temp = await disk.writeTemporary(join(root, 'tmp'), (file) => file.writeFile(text));
        await disk.calls.rename(temp, path).catch(async (error: unknown) => {
          await disk.discard(temp);
          throw error;
        });
      } catch (error) {
        throw codeOf(error) === undefined ? error : disk.failed('write the hint', error);
      }
    },
  };
}

/** A digest has 71. */
const MAX_HINT_BYTES = 4_096;
