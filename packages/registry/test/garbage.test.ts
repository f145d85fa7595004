import { putArtifact } from '@millwright/core/artifact';
import { collectGarbage } from '@millwright/core/garbage';
import { expect, test } from 'vitest';
import { desk, files, HOUR, withVersions } from './desk.js';

test('files of an upload that was given up are collected; registering the same files afterwards puts them again', async () => {
  const { registry, storage, clock } = await desk();
  await withVersions(registry, 2);
  await registry.datasets.add('flights', { files: { 'a.csv': new Uint8Array(3_000_000) } }, { layer: 'raw' });
  await registry.models.attachEvidence('flight-delay@1', { decision: 'promote', sentence: 'Better.', metrics: [] });
  await registry.ledger.checkpoint();
  const { digest } = await putArtifact(registry.blobs, files('given up'));
  const collect = () => collectGarbage(registry.ledger, registry.blobs, { dryRun: false, clock, hint: storage.hint });
  expect((await collect()).condemned).toHaveLength(2);
  clock.set(clock.now() + 25 * HOUR);
  expect((await collect()).swept).toHaveLength(2);
  expect(await registry.blobs.stat(digest)).toBeUndefined();

  const version = await registry.models.register('flight-delay', { files: files('given up') });
  expect(version.artifact).toBe(digest);
  const { artifact } = await registry.version(version).resolve();
  expect(new TextDecoder().decode(await artifact.bytes('model.onnx'))).toBe('weights of given up');
  clock.set(clock.now() + 25 * HOUR);
  await collect();
  expect((await collect()).condemned).toEqual([]);
  for (const each of registry.models.versions('flight-delay'))
    expect(await registry.blobs.stat(each.artifact)).toBeDefined();
});
