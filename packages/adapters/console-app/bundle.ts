import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { TOKENS } from '../src/html-report/style.js';

/** What a browser loads besides the page itself. */
export interface ConsoleApp {
  readonly script: string;
  readonly style: string;
}

/** In the workspace the page is bundled when it is first asked for; what is published holds it as text. */
export function consoleApp(): Promise<ConsoleApp> {
  bundled ??= bundleConsole();
  return bundled;
}

let bundled: Promise<ConsoleApp> | undefined;

/** The page's script and style sheet, each as one text. */
export async function bundleConsole(): Promise<ConsoleApp> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'main.tsx')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    conditions: ['@millwright/source', 'browser'],
    banner: { js: licences() },
    legalComments: 'none',
    outdir: 'out',
    write: false,
  });
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))!.text;
  return { script: text('.js'), style: TOKENS.trim() + text('.css') };
}

/** What the licences of the bundled libraries ask for. */
function licences(): string {
  const { resolve } = createRequire(import.meta.url);
  const texts = LIBRARIES.map(([name, file]) => {
    const licence = readFileSync(join(dirname(resolve(`${name}/${file}`)), 'LICENSE'), 'utf8');
    return `${name}: ${licence.trim()}`;
  });
  return `/*!\n${texts.join('\n\n')}\n*/`;
}

/** Each with a file that stands beside its licence. */
const LIBRARIES = [
  ['preact', 'package.json'],
  ['uplot', 'package.json'],
  ['@noble/hashes', 'sha2.js'],
] as const;
