import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** One JavaScript file of a program beside this one, so that a process of it starts in no time. */
export function program(name: string, folder: string): string {
  const outfile = join(folder, `${name}.mjs`);
  buildSync({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@millwright/source'],
    logLevel: 'error',
  });
  return outfile;
}
