import { mkdir, readdir } from 'node:fs/promises';
import { MillwrightError } from '@millwright/core';
import { fileFailed } from './checked-file.js';

/** Makes a folder that has nothing in it yet. @throws `state/precondition` for one that has, `storage/failed` */
export async function freshFolder(path: string): Promise<void> {
  let found: readonly string[];
  try {
    await mkdir(path, { recursive: true });
    found = await readdir(path);
  } catch (cause) {
    throw fileFailed('write', path, cause);
  }
  if (found.length === 0) return;
  throw new MillwrightError(
    'state/precondition',
    `\`${path}\` has ${found.length} files. Name a new or empty folder.`,
    {
      details: { what: path, expected: 'an empty folder', actual: `${found.length} files` },
    },
  );
}
