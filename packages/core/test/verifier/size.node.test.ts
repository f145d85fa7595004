import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the verifier for a page has at most 12 kB and nothing of the rest', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: "export * from '@millwright/core/verifier'", resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    conditions: ['@millwright/source', 'browser'],
    platform: 'browser',
  });
  expect(gzipSync(outputFiles[0]!.contents).byteLength).toBeLessThan(12_000);
  const libraries = Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'));
  expect(libraries.every((path) => path.includes('@noble/hashes'))).toBe(true);
});
