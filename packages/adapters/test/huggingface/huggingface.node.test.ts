import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scanCacheDir } from '@huggingface/hub';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importFromHub, readHubSnapshot, writeHubRepository } from '../../src/huggingface.js';
import { COMMIT, hubCache } from './cache.js';

const REPOSITORY = 'acme/flight-delay';
const FILES = { 'README.md': '# Late?\n', 'config.json': '{"a":1}', 'onnx/model.onnx': 'weights '.repeat(1_000) };
const isOnnx = (path: string) => path.endsWith('.onnx');

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function cacheOf(files: Readonly<Record<string, string>> = FILES) {
  const cache = hubCache(REPOSITORY, files, isOnnx);
  made.push(cache.cache);
  return cache;
}
const registry = () => openRegistry(memoryStorage(), { actor: 'maria' });

describe('a snapshot in the cache', () => {
  test('lies as the hub’s own library finds it', async () => {
    const { cache } = cacheOf();
    const { repos, warnings } = await scanCacheDir(cache);
    expect(warnings).toEqual([]);
    expect(repos).toMatchObject([{ id: { name: REPOSITORY, type: 'model' }, revisions: [{ commitOid: COMMIT }] }]);
  });

  test('becomes a version, pinned to its commit, and is the same version the next time', async () => {
    const { cache } = cacheOf();
    const own = await registry();
    const version = await importFromHub(own, 'flight-delay', REPOSITORY, { cache, owner: 'ops' });
    expect(version.tags).toEqual({ 'huggingface.repository': REPOSITORY, 'huggingface.commit': COMMIT });
    const { artifact } = await own.version(version).resolve();
    expect(artifact.manifest.files.map(({ path }) => path)).toEqual(['README.md', 'config.json', 'onnx/model.onnx']);
    expect(new TextDecoder().decode(await artifact.bytes('onnx/model.onnx'))).toBe(FILES['onnx/model.onnx']);
    const again = await importFromHub(own, 'flight-delay', REPOSITORY, { cache, revision: COMMIT });
    expect(again.id).toBe(version.id);
  });

  test('gives only the files that are wanted, and those that were downloaded', async () => {
    const { cache } = cacheOf();
    const { files, commit } = await readHubSnapshot(REPOSITORY, { cache, files: isOnnx });
    expect([Object.keys(files), commit]).toEqual([['onnx/model.onnx'], COMMIT]);
    await expect(readHubSnapshot(REPOSITORY, { cache, files: () => false })).rejects.toMatchObject({
      code: 'state/not-found',
    });
  });

  test.each(['config.json', 'onnx/model.onnx'])(
    'one changed byte of %s is found, and nothing is registered',
    async (path) => {
      const { cache, blobOf } = cacheOf();
      const bytes = readFileSync(blobOf(path));
      bytes[3]! ^= 1;
      writeFileSync(blobOf(path), bytes);
      const own = await registry();
      await expect(importFromHub(own, 'flight-delay', REPOSITORY, { cache, owner: 'ops' })).rejects.toMatchObject({
        code: 'artifact/mismatch',
        details: { path },
      });
      expect(own.models.list().items).toEqual([]);
    },
  );

  test.each([
    ['a link out of the repository', ({ snapshot }) => symlinkSync('/etc/passwd', join(snapshot, 'passwd'))],
    [
      'a link to a link that leads out',
      ({ root, snapshot }) => {
        symlinkSync('/etc/passwd', join(root, 'blobs', 'a'.repeat(64)));
        symlinkSync(`../../blobs/${'a'.repeat(64)}`, join(snapshot, 'passwd'));
      },
    ],
    ['a link to nothing', ({ snapshot }) => symlinkSync(`../../blobs/${'a'.repeat(64)}`, join(snapshot, 'gone'))],
    ['a file that is no link', ({ snapshot }) => writeFileSync(join(snapshot, 'model.onnx'), 'anything')],
    [
      'a name that is a device elsewhere',
      ({ snapshot, blobOf }) => symlinkSync(blobOf('config.json'), join(snapshot, 'con')),
    ],
  ] as readonly (readonly [string, (cache: ReturnType<typeof hubCache>) => void])[])(
    '%s is refused',
    async (_, change) => {
      const cache = cacheOf();
      change(cache);
      await expect(readHubSnapshot(REPOSITORY, { cache: cache.cache })).rejects.toMatchObject({
        code: 'artifact/invalid',
      });
    },
  );

  test('sizes are bounded, and names are names', async () => {
    const { cache } = cacheOf();
    const at = (repository: string, revision = 'main', maxBytes = 100) =>
      readHubSnapshot(repository, { cache, revision, maxBytes });
    await expect(at(REPOSITORY)).rejects.toMatchObject({ code: 'input/too-large' });
    await expect(at('../../etc')).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(at(REPOSITORY, '../../../secret')).rejects.toMatchObject({ code: 'artifact/invalid' });
    await expect(at(REPOSITORY, 'v2')).rejects.toMatchObject({ code: 'state/not-found' });
    await expect(at('acme/other')).rejects.toThrow(/hf download acme\/other/);
  });
});

describe('a repository for the hub', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'millwright-repository-'));
    made.push(path);
    return path;
  };

  test('has the files, the card with its metadata, and LFS for what is large', async () => {
    const own = await registry();
    const large = new Uint8Array(10 * 2 ** 20 + 1);
    const version = await own.models.register('flight-delay', {
      files: { 'onnx/model [1].onnx': large, 'config.json': new TextEncoder().encode('{}') },
      owner: 'ops',
      metrics: { auc: 0.71 },
    });
    const target = folder();
    await writeHubRepository(own, version, target, { license: 'apache-2.0', task: 'tabular-classification' });
    expect(readFileSync(join(target, 'onnx/model [1].onnx')).equals(large)).toBe(true);
    const card = readFileSync(join(target, 'README.md'), 'utf8');
    expect(parse(card.split('---\n')[1]!)).toMatchObject({
      license: 'apache-2.0',
      pipeline_tag: 'tabular-classification',
    });
    const git = (...args: string[]) => execFileSync('git', args, { cwd: target, encoding: 'utf8' });
    git('init', '-q');
    expect(git('check-attr', 'filter', '--', 'onnx/model [1].onnx', 'config.json')).toBe(
      'onnx/model [1].onnx: filter: lfs\nconfig.json: filter: unspecified\n',
    );
  });

  test('keeps a card that the version has, and overwrites nothing', async () => {
    const { cache } = cacheOf();
    const own = await registry();
    const version = await importFromHub(own, 'flight-delay', REPOSITORY, { cache, owner: 'ops' });
    const target = folder();
    await writeHubRepository(own, version, target);
    expect(readFileSync(join(target, 'README.md'), 'utf8')).toBe(FILES['README.md']);
    await expect(writeHubRepository(own, version, target)).rejects.toMatchObject({ code: 'state/precondition' });
  });
});
