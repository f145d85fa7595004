// What a registry would be given: publint and attw on every package, and no install scripts anywhere.
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
  check(name, folder, 'publint', ['--strict']);
  check(name, folder, 'attw', ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii']);
}
process.exit(failed === 0 ? 0 : 1);

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
