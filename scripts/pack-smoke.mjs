// Packs every package, installs the tarballs in an empty project, and uses every subpath from there: as ESM and through
// require() in Node 20, 22 and 24, and bundled in a Chromium page; the README's first program and the command line run
// there too. Finds what no check inside the workspace can: a dependency that is only declared for development, a file
// that is not packed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { otherNodes } from './other-nodes.mjs';

const root = resolve(import.meta.dirname, '..');
/** A drift monitor as an application writes it. It has to decide the same in a page as in Node, to the digest. */
const WATCH = `
import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { createMonitor } from '@millwright/drift';
const random = seededRandom(7);
const day = (shift) =>
  tableFrom({
    amount: Float64Array.from({ length: 4_000 }, () => random.next() + shift),
    origin: Array.from({ length: 4_000 }, () => ['MCI', 'LAX', 'JFK'][Math.floor(3 * random.next())]),
  });
const monitor = createMonitor({ reference: profileTable(day(0)), window: { rows: 4_000 } });
export const decisions = [0, 0.4].flatMap((shift) =>
  monitor.observe(day(shift)).map((record) => record.verdict + ' ' + record.profile),
);`;
const project = mkdtempSync(join(tmpdir(), 'millwright-smoke-'));
/** Subpaths that need Node. Everything else must work in a page. */
const NODE_ONLY = new Set(
  ['cli', 'fs', 's3', 'postgres', 'http/node', 'huggingface', 'modelpack'].map(
    (name) => `@millwright/adapters/${name}`,
  ),
);

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
      cwd: join(folder, 'dist'),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  tarballs.push(join(project, packed[0].filename));
}

const all = install(project, tarballs);
console.log(
  `installed: all of ours and ${all.others} others, ${all.megabytes.toFixed(1)} MB, ${all.scripts} install scripts`,
);
const core = install(
  join(project, 'core'),
  tarballs.filter((path) => /millwright-(core|registry|drift)-/.test(path)),
);
const { others, megabytes } = core;
console.log(`core, registry and drift: ${others} others, ${megabytes.toFixed(1)} MB (at most 12 and 10 MB)`);
const small = others <= 12 && megabytes <= 10;

const list = JSON.stringify(subpaths);
writeFileSync(
  join(project, 'esm.mjs'),
  `for (const s of ${list}) { const m = await import(s); if (Object.keys(m).length === 0) throw new Error(s + ' exports nothing'); }\nconsole.log('esm ok', process.version);`,
);
writeFileSync(
  join(project, 'cjs.cjs'),
  `for (const s of ${list}) { const m = require(s); if (Object.keys(m).length === 0) throw new Error(s + ' exports nothing'); }\nconsole.log('require ok', process.version);`,
);
const results = [small, all.scripts === 0];
for (const node of [process.execPath, ...otherNodes(project)]) {
  results.push(runNode(node, 'esm.mjs'), runNode(node, 'cjs.cjs'), quickstart(node));
}
results.push(runNode(process.execPath, 'node_modules/.bin/millwright', 'doctor'));
results.push(await inPage());
rmSync(project, { recursive: true, force: true });
process.exit(results.every(Boolean) ? 0 : 1);

/** Installs tarballs in a project of their own; what that adds up to. */
function install(folder, files) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'smoke', private: true, type: 'module' }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...files], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const packages = Object.entries(lock.packages).filter(([key]) => key !== '');
  const bytes = Number(execFileSync('du', ['-sb', join(folder, 'node_modules')], { encoding: 'utf8' }).split('\t')[0]);
  return {
    others: packages.filter(([key]) => !key.includes('@millwright/')).length,
    scripts: packages.filter(([, node]) => node.hasInstallScript).length,
    megabytes: bytes / 1e6,
  };
}

function runNode(node, file, ...args) {
  return spawnSync(node, [file, ...args], { cwd: project, stdio: 'inherit' }).status === 0;
}

/** The README's first program, in at most 40 lines, against what was installed: a canary that is rolled back. */
function quickstart(node) {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, program, expected] = /^```ts\n([\s\S]*?)^```[\s\S]*?^```text\n([\s\S]*?)^```/m.exec(readme);
  const lines = program.split('\n').filter((line) => line.trim() !== '').length;
  writeFileSync(join(project, 'quickstart.ts'), program);
  const tsx = pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href;
  const { stdout, stderr } = spawnSync(node, ['--import', tsx, 'quickstart.ts'], {
    cwd: project,
    encoding: 'utf8',
  });
  const same = stdout.trim() === expected.trim();
  console.log(`quickstart: ${lines} lines, ${same ? 'prints what the README says' : `printed ${stdout}${stderr}`}`);
  return same && lines <= 40;
}

/** One bundle of every subpath that claims to run in a page, imported and used there. */
async function inPage() {
  const names = subpaths.filter((subpath) => !NODE_ONLY.has(subpath));
  mkdirSync(join(project, 'page'));
  writeFileSync(join(project, 'watch.mjs'), WATCH);
  const source = [
    ...names.map((name, i) => `import * as m${i} from '${name}';`),
    `import { digestJson } from '@millwright/core';`,
    `import { decisions } from '../watch.mjs';`,
    `globalThis.result = { modules: [${names.map((_, i) => `Object.keys(m${i}).length`).join(', ')}], digest: digestJson({ b: 1, a: 2 }), decisions };`,
  ];
  writeFileSync(join(project, 'page', 'entry.mjs'), source.join('\n'));
  const bundle = await build({
    entryPoints: [join(project, 'page', 'entry.mjs')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    // Optional peers that the page does not install stay dynamic imports, as a bundler's user would mark them.
    external: [
      'onnxruntime-web',
      'onnxruntime-web/*',
      'apache-arrow',
      'hyparquet',
      'hyparquet-compressors',
      'hyparquet-writer',
      'idb',
      '@opentelemetry/api',
    ],
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
    const print = `process.stdout.write(JSON.stringify((await import('./watch.mjs')).decisions))`;
    const inNode = execFileSync(process.execPath, ['--input-type=module', '-e', print], {
      cwd: project,
      encoding: 'utf8',
    });
    const alike = JSON.stringify(result.decisions) === inNode && /^\["noDrift .*"drift /.test(inNode);
    if (alike)
      console.log(
        `drift monitor ok in the page and in Node: ${result.decisions.map((one) => one.slice(0, 22)).join('…, ')}…`,
      );
    else console.error(`The monitor decides ${JSON.stringify(result.decisions)} in the page, ${inNode} in Node`);
    for (const name of empty) console.error(`${name} exports nothing in the page`);
    for (const error of errors) console.error(error);
    return empty.length === 0 && errors.length === 0 && alike;
  } finally {
    await browser.close();
  }
}
