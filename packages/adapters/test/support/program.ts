import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';

/** One JavaScript file of a TypeScript program, so that a process of it starts in no time. */
export function program(entry: string, folder: string, external: readonly string[] = []): string {
  const outfile = join(folder, `${basename(entry, '.ts')}.mjs`);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@millwright/source'],
    // What is imported lazily and never by these programs, and what CommonJS packages need in a module.
    external: ['onnxruntime-node', 'onnxruntime-web', 'pg-native', ...external],
    banner: { js: REQUIRE },
    logLevel: 'error',
  });
  return outfile;
}

const REQUIRE = `import { createRequire as requireOf } from 'node:module'; globalThis.require ??= requireOf(import.meta.url);`;
