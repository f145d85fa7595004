import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMillwrightError } from '@millwright/core';
import type { ReferenceLike, Registry } from '@millwright/registry';
import { type ModelCardOptions, modelCard } from '@millwright/registry/governance';
import { fileFailed } from '../shared/checked-file.js';
import { freshFolder } from '../shared/fresh-folder.js';

/**
 * Writes a version as a repository for the Hugging Face hub: its files, the model card as `README.md` where the version has
 * none of its own, and `.gitattributes` for files that git must hand to LFS. Then: `hf upload organisation/name folder`.
 *
 * @param folder new or empty
 * @throws `state/not-found`, `state/precondition` for a folder with files, `artifact/missing`, `artifact/mismatch`, `storage/failed`
 */
export async function writeHubRepository(
  registry: Registry,
  version: ReferenceLike,
  folder: string,
  options: ModelCardOptions = {},
): Promise<void> {
  const { artifact } = await registry.version(version).resolve();
  const { files } = artifact.manifest;
  const card = await modelCard(registry, version, options);
  await freshFolder(folder);
  try {
    for (const { path } of files) {
      const target = join(folder, ...path.split('/'));
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await artifact.stream(path), createWriteStream(target));
    }
    const has = (name: string) => files.some(({ path }) => path === name);
    const large = files.filter(({ size }) => size > LFS_BYTES);
    if (!has('README.md')) await writeFile(join(folder, 'README.md'), card);
    if (large.length > 0 && !has('.gitattributes'))
      await writeFile(join(folder, '.gitattributes'), large.map(({ path }) => attributesOf(path)).join(''));
  } catch (cause) {
    throw isMillwrightError(cause) ? cause : fileFailed('write', folder, cause);
  }
}

/** The hub takes files above 10 MiB through LFS only. */
const LFS_BYTES = 10 * 2 ** 20;

/** Spaces would end the pattern, brackets would be one. */
function attributesOf(path: string): string {
  const pattern = path.replace(/[[\]\\*?]/g, '\\$&').replaceAll(' ', '[[:space:]]');
  return `${pattern} filter=lfs diff=lfs merge=lfs -text\n`;
}
