import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { onPath } from '../../../../test/services/process.js';
import { readModelPack } from '../../src/modelpack.js';
import { layoutOf, packed } from './pack.js';

const missing = onPath('skopeo') ? undefined : 'no skopeo: apt-get install --no-install-recommends skopeo';

describeService('a ModelPack in the hands of skopeo', missing, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'millwright-skopeo-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const policy = join(scratch, 'policy.json');
  writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
  const skopeo = (...args: string[]) => spawnSync('skopeo', ['--policy', policy, ...args], { encoding: 'utf8' });

  test('is copied as it is, and read back', async () => {
    const { folder, digest } = await packed();
    const copy = join(scratch, 'copy');
    const { status, stderr } = skopeo('copy', '--preserve-digests', `oci:${folder}:1`, `oci:${copy}:1`);
    expect([stderr, status]).toEqual(['', 0]);
    expect(await readModelPack(copy, { tag: '1', digest })).toEqual({
      ...(await readModelPack(folder)),
      files: expect.anything(),
    });
    rmSync(folder, { recursive: true });
  });

  test('that was changed is refused by it, too', async () => {
    const { folder } = await packed();
    const { blob, manifest } = layoutOf(folder);
    writeFileSync(blob(manifest().layers[0]!.digest), 'other bytes');
    expect(skopeo('copy', `oci:${folder}:1`, `oci:${join(scratch, 'bad')}:1`).status).not.toBe(0);
    rmSync(folder, { recursive: true });
  });
});
