import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { invalidInput, MillwrightError } from '@millwright/core';
import { checkPath, type FileSource } from '@millwright/core/artifact';
import { checkedFile } from '../shared/checked-file.js';

/** Which snapshot of the Hugging Face cache is read, and how much of it. */
export interface HubCacheOptions {
  /** Branch, tag or commit, as it was when it was downloaded. Default `main`. */
  readonly revision?: string | undefined;
  /** The cache's folder. Default `HF_HUB_CACHE`, `HF_HOME/hub`, or `~/.cache/huggingface/hub`, as Hugging Face's own libraries. */
  readonly cache?: string | undefined;
  /** Which files are wanted, by path. Default all. */
  readonly files?: ((path: string) => boolean) | undefined;
  /** Largest sum of the files. Default 10 GiB. */
  readonly maxBytes?: number | undefined;
}

/** A commit of a repository as the cache has it. A file that was not downloaded is not in it. */
export interface HubSnapshot {
  readonly repository: string;
  readonly commit: string;
  /** Checked against the digest in the cache while they are read. @throws `artifact/mismatch` when opened */
  readonly files: Readonly<Record<string, FileSource>>;
}

/**
 * Reads a model from the local cache of the Hugging Face hub, without a network. The cache names each file by the SHA-256 of
 * its bytes (large files) or its git blob id, and every byte is held against that name. Links that lead out of the
 * repository's own blobs are refused; so are files that are no links, as on Windows, because nothing says what they should be.
 *
 * @param repository `organisation/name`
 * @throws `input/invalid`, `state/not-found`, `artifact/invalid`, `input/too-large`
 */
export async function readHubSnapshot(repository: string, options: HubCacheOptions = {}): Promise<HubSnapshot> {
  const { revision = 'main', cache = defaultCache(), files: wanted = () => true, maxBytes = MAX_BYTES } = options;
  if (!REPOSITORY.test(repository)) throw invalidInput('repository', '`organisation/name`', repository);
  const root = join(cache, `models--${repository.replace('/', '--')}`);
  const commit = await commitOf(root, repository, revision);
  const snapshot = join(root, 'snapshots', commit);
  const blobs = await realpath(join(root, 'blobs')).catch(() => undefined);
  if (blobs === undefined || !(await exists(snapshot))) throw notCached(repository, revision);
  const files: Record<string, FileSource> = Object.create(null);
  let bytes = 0;
  for (const entry of await readdir(snapshot, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const place = join(entry.parentPath, entry.name);
    const path = relative(snapshot, place).split(sep).join('/');
    checkPath(path);
    if (!wanted(path)) continue;
    const { size, ...file } = await blobOf(place, path, blobs);
    bytes += size;
    if (bytes > maxBytes) throw tooLarge(maxBytes, bytes);
    files[path] = file;
  }
  if (Object.keys(files).length === 0) throw notCached(repository, revision);
  return { repository, commit, files };
}

const REPOSITORY = /^(?!.*(?:\.\.|--))[\w.-]+(?:\/[\w.-]+)?$/;
const COMMIT = /^[0-9a-f]{40}$/;
const MAX_BYTES = 10 * 2 ** 30;

function defaultCache(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  return HF_HUB_CACHE ?? join(HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface'), 'hub');
}

/** `refs/main` holds the commit that main was at; a commit is its own name. */
async function commitOf(root: string, repository: string, revision: string): Promise<string> {
  if (COMMIT.test(revision)) return revision;
  checkPath(revision);
  const text = await readFile(join(root, 'refs', revision), 'utf8').catch(() => '');
  if (!COMMIT.test(text.trim())) throw notCached(repository, revision);
  return text.trim();
}

/** The blob that a snapshot's link leads to: 64 digits are SHA-256, 40 the id that git gives to the file. */
async function blobOf(place: string, path: string, blobs: string) {
  const target = await readlink(place).catch(() => undefined);
  if (target === undefined)
    throw refused(path, 'it is no link to a blob, so that nothing says what its bytes should be');
  const blob = await realpath(place).catch(() => undefined);
  if (blob === undefined) throw refused(path, 'its link leads to nothing');
  const name = basename(blob);
  if (dirname(blob) !== blobs || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name))
    throw refused(path, 'its link leads out of the blobs of its repository');
  const { size } = await stat(blob);
  const claim =
    name.length === 64
      ? ({ name: path, algorithm: 'sha256', hex: name } as const)
      : ({ name: path, algorithm: 'sha1', hex: name, prefix: `blob ${size}\0` } as const);
  return { size, open: () => checkedFile(blob, claim) };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function notCached(repository: string, revision: string): MillwrightError<'state/not-found'> {
  return new MillwrightError(
    'state/not-found',
    `The cache has no files of ${repository} at ${revision}. Download them first: hf download ${repository} --revision ${revision}`,
    { details: { what: 'snapshot', id: `${repository}@${revision}` } },
  );
}

function refused(path: string, reason: string): MillwrightError<'artifact/invalid'> {
  return new MillwrightError('artifact/invalid', `The cache's file \`${path}\` is refused: ${reason}.`, {
    details: { path, reason },
  });
}

function tooLarge(limit: number, received: number): MillwrightError<'input/too-large'> {
  return new MillwrightError('input/too-large', `The files have more than the ${limit} bytes that are allowed.`, {
    details: { name: 'files', limit, received },
  });
}
