// What a registry would be given: publint and attw on every package, no install scripts anywhere, and no code from
// strings, which a page with a strict policy would refuse.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
let failed = 0;
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
    if (manifest.scripts?.[script] !== undefined) fail(name, `has a ${script} script`);
  }
  for (const file of readdirSync(join(folder, 'dist'), { recursive: true }).filter((path) => path.endsWith('.js'))) {
    const found = codeFromStrings(readFileSync(join(folder, 'dist', file), 'utf8'));
    if (found !== undefined) fail(name, `dist/${file} has ${found}`);
  }
  check(name, join(folder, 'dist'), 'publint', ['--strict']);
  check(name, join(folder, 'dist'), 'attw', ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii']);
}
process.exit(failed === 0 ? 0 : 1);

/** `eval(…)`, `new Function(…)` or `Function(…)` outside of comments. */
function codeFromStrings(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return /(?<![\w$.])(eval|Function)\s*\(/.exec(code)?.[0];
}

function check(name, folder, tool, args) {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', tool), args, {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) console.log(`${tool} ${name}: ok`);
  else fail(name, `${tool}\n${stdout}\n${stderr}`);
}

function fail(name, why) {
  failed++;
  console.error(`@millwright/${name}: ${why}`);
}
