// Builds one package: JavaScript by tsup, declarations by tsc. Entries are read from package.json, so that
// what is exported or run and what is built cannot differ.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { build } from 'tsup';

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
  sourcemap: true,
  clean: true,
  dts: false,
  silent: true,
  skipNodeModulesBundle: true,
  external: [/^#/, /^node:/, /^@millwright\//],
  config: false,
  tsconfig: '../../tsconfig.base.json',
});

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
      declarationMap: true,
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

function collect(node) {
  if (typeof node === 'string' && node.startsWith('./src/')) sources.add(node);
  else if (typeof node === 'object' && node !== null) for (const child of Object.values(node)) collect(child);
}
