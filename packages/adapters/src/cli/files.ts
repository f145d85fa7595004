import { openAsBlob } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { invalidInput, isMillwrightError, MillwrightError } from '@millwright/core';
import { type Table, tableFromRows } from '@millwright/core/table';
import { readArrow } from '../arrow.js';
import { readParquet } from '../parquet.js';
import type { Call } from './command.js';

/**
 * A table from a file: Parquet, Arrow IPC, or a JSON document per line.
 * @throws `input/invalid`, `table/corrupt`, `peer/missing`, `storage/failed`
 */
export async function readTable(path: string, progress: Call['progress']): Promise<Table> {
  const onProgress = ({ done, total }: { readonly done: number; readonly total: number }) =>
    progress(done, total, `rows of ${path}`);
  switch (extname(path)) {
    case '.parquet':
      return reading(path, async () => {
        const handle = await open(path);
        try {
          const { size } = await handle.stat();
          const slice = async (start: number, end = size) => {
            const bytes = new Uint8Array(end - start);
            await handle.read(bytes, 0, bytes.length, start);
            return bytes.buffer;
          };
          return await readParquet({ byteLength: size, slice }, { onProgress });
        } finally {
          await handle.close();
        }
      });
    case '.arrow':
    case '.feather':
    case '.arrows':
      return reading(path, async () => readArrow(await readFile(path)));
    case '.ndjson':
    case '.jsonl':
      return reading(path, async () => tableFromRows((await readFile(path, 'utf8')).split('\n').flatMap(rowOf(path))));
    default:
      throw invalidInput('data', 'a file that ends in .parquet, .arrow or .ndjson', path);
  }
}

function rowOf(path: string) {
  return (line: string, i: number) => {
    if (line.trim() === '') return [];
    const row = parseJson(line, `${path}:${i + 1}`);
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw invalidInput(`${path}:${i + 1}`, 'an object per line', row);
    return [row as Parameters<typeof tableFromRows>[0][number]];
  };
}

/** A JSON file. @throws `input/invalid`, `storage/failed` */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await reading(path, () => readFile(path, 'utf8')), path);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidInput(where, 'JSON', error instanceof Error ? error.message : String(error));
  }
}

/** The files of a version by the names they get: a file by its own, a folder's files by their paths inside it. */
export async function versionFiles(paths: readonly string[]): Promise<Readonly<Record<string, Blob>>> {
  const files: Record<string, Blob> = Object.create(null);
  for (const path of paths) {
    const isFolder = (await reading(path, () => stat(path))).isDirectory();
    const found = isFolder ? await readdir(path, { recursive: true, withFileTypes: true }) : [];
    const inside = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of isFolder ? inside : [path]) {
      const name = isFolder ? relative(path, file).split(sep).join('/') : file.split(sep).at(-1)!;
      if (name in files) throw invalidInput('files', 'files with different names', name);
      files[name] = await reading(file, () => openAsBlob(file));
    }
  }
  return files;
}

/** What the file system says, as an error with a code. */
async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (isMillwrightError(cause)) throw cause;
    throw new MillwrightError('storage/failed', `\`${path}\` cannot be read: ${(cause as Error).message}`, {
      details: { store: path, operation: 'read' },
      cause,
    });
  }
}
