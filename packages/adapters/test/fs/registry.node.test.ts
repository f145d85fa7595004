import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRegistry } from '@millwright/registry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeCalls } from '../../src/fs/disk.js';
import { folder } from '../../src/fs.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millwright-registry-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test('a registry in a folder: two processes race, and a third finds everything, verified', async () => {
  const offices = await Promise.all(['ana', 'ben'].map((actor) => openRegistry(folder(root), { actor })));
  await offices[0]!.models.create('spam', { owner: 'mail' });
  await offices[1]!.ledger.refresh();
  const registered = await Promise.all(
    offices.flatMap((office, i) =>
      [1, 2, 3].map((n) => office.models.register('spam', { files: { 'model.bin': bytes(`${i}.${n}`) } })),
    ),
  );
  const numbers = registered.map((version) => version.number).sort((a, b) => a - b);
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
  const moves = await Promise.allSettled(
    offices.map((office, i) => office.models.moveAlias('spam', 'champion', registered[i * 3]!, { reason: 'mine' })),
  );
  const won = moves.filter((move) => move.status === 'fulfilled').length;
  for (const office of offices) await office[Symbol.asyncDispose]();

  await using registry = await openRegistry(folder(root), { actor: 'cem' });
  expect(registry.models.history('spam', 'champion')).toHaveLength(won);
  expect(won).toBeGreaterThan(0);
  const { id, artifact } = await registry.alias('spam', 'champion').resolve();
  const which = registered.findIndex((version) => version.id === id);
  expect(new TextDecoder().decode(await artifact.bytes('model.bin'))).toBe(
    which < 3 ? `0.${which + 1}` : `1.${which - 2}`,
  );
  expect((await registry.ledger.verify()).ok).toBe(true);
});

test('a folder remembers its newest checkpoint, and garbage in its place costs nothing', async () => {
  const storage = folder(root);
  const registry = await openRegistry(storage, { actor: 'ana' });
  await registry.models.create('spam', { owner: 'mail' });
  expect(await storage.hint!.get()).toBeUndefined();
  const digest = await registry.ledger.checkpoint();
  expect(await folder(root).hint!.get()).toBe(digest);
  await writeFile(join(root, 'hint'), 'x'.repeat(10_000));
  const again = await openRegistry(folder(root), { actor: 'ana' });
  expect(again.models.get('spam').owner).toBe('mail');
  const failing = folder(root, { calls: { ...nodeCalls, rename: () => Promise.reject(diskFull()) } });
  await expect(failing.hint!.set('later')).rejects.toMatchObject({ code: 'storage/failed' });
  expect(await readdir(join(root, 'tmp'))).toEqual([]);
});

function diskFull(): Error {
  return Object.assign(new Error('no space left'), { code: 'ENOSPC' });
}
