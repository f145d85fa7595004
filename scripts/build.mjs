// Builds one package into `dist`, which is what is published: JavaScript by tsup, declarations by tsc, and a package.json
// without what only this workspace needs. Entries are read from package.json, so that
// what is exported or run and what is built cannot differ.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'tsup';
import { tsImport } from 'tsx/esm/api';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const sources = new Set();
collect(manifest.exports);
collect(manifest.imports);
for (const bin of Object.values(manifest.bin ?? {})) sources.add(bin.replace('/dist/', '/src/').replace(/js$/, 'ts'));
const entry = Object.fromEntries([...sources].map((path) => [path.replace(/^\.\/src\/(.*)\.ts$/, '$1'), path]));

await build({
  entry,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true,
  clean: true,
  dts: false,
  silent: true,
  skipNodeModulesBundle: true,
  external: [/^#/, /^node:/, /^@millwright\//],
  config: false,
  tsconfig: '../../tsconfig.base.json',
});

// The console's page is text that its handler serves: bundled once, here.
if (existsSync('console-app')) {
  const { bundleConsole } = await tsImport(resolve('console-app/bundle.ts'), import.meta.url);
  const app = JSON.stringify(await bundleConsole());
  writeFileSync('dist/console-app.js', `export const consoleApp = () => Promise.resolve(${app});\n`);
  writeFileSync(
    'dist/console-app.d.ts',
    'export declare const consoleApp: () => Promise<{ readonly script: string; readonly style: string }>;\n',
  );
}

const config = 'tsconfig.build.tmp.json';
writeFileSync(
  config,
  JSON.stringify({
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      customConditions: [],
      noEmit: false,
      emitDeclarationOnly: true,
      declaration: true,
      declarationMap: false,
      rootDir: 'src',
      outDir: 'dist',
      types: ['node'],
    },
    include: ['src'],
  }),
);
try {
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
} finally {
  rmSync(config);
}

writeFileSync('dist/package.json', `${JSON.stringify(published(manifest), undefined, 2)}\n`);
for (const file of ['LICENSE', 'README.md']) copyFileSync(file, `dist/${file}`);

/** Paths as they are inside `dist`; no scripts, no development, no conditions that lead to sources. */
function published({ scripts: _s, devDependencies: _d, publishConfig: _p, files: _f, ...rest }) {
  return JSON.parse(JSON.stringify(rest, (key, value) => (key === '@millwright/source' ? undefined : inside(value))));
}

function inside(value) {
  return typeof value === 'string' && value.startsWith('./dist/') ? value.replace('./dist/', './') : value;
}

function collect(node) {
  if (typeof node === 'string' && node.startsWith('./src/')) sources.add(node);
  else if (typeof node === 'object' && node !== null) for (const child of Object.values(node)) collect(child);
}
