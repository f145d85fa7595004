import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../../..');

// The benchmark's own program, at a twentieth of its full size: 5 GiB are put and verified by
// `MILLWRIGHT_ARTIFACT_GIB=5 npm run bench -- artifact`.
test('an artifact much larger than the heap is put and verified', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--max-old-space-size=64',
      '--import',
      'tsx',
      '--conditions=@millwright/source',
      'packages/adapters/bench/artifact.bench.ts',
    ],
    { cwd: root, env: { ...process.env, MILLWRIGHT_ARTIFACT_GIB: '0.25' } },
  );
  expect(stdout).toMatch(/verify: 0\.25 GiB/);
  expect(Number(/heap: (\d+) MiB/.exec(stdout)?.[1])).toBeLessThanOrEqual(64);
});
