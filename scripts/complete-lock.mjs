// npm leaves binaries of other platforms out of the lock file when the package source does not serve them, and then
// `npm ci` fails on those platforms. This adds the missing optional entries; `--check` only says whether any is missing.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const added = [];
for (const [at, node] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(node.optionalDependencies ?? {})) {
    if (found(at, name)) continue;
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    lock.packages[key] = { version: exact(range), ...platform(name), dev: node.dev, optional: true };
    if (node.dev !== true) delete lock.packages[key].dev;
    added.push(name);
  }
}

if (added.length === 0) console.log('package-lock.json is complete');
else if (process.argv.includes('--check')) {
  console.error(
    `package-lock.json lacks ${added.length} optional packages of other platforms: run node scripts/complete-lock.mjs\n${added.join('\n')}`,
  );
  process.exit(1);
} else {
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`added ${added.length}: ${added.join(', ')}`);
}

/** Node's lookup: the nearest node_modules above the dependent. */
function found(at, name) {
  for (let base = at; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const key = `${base === '' ? '' : `${base}/`}node_modules/${name}`;
    if (lock.packages[key] !== undefined) return true;
    if (base === '' || !base.includes('/node_modules/')) return lock.packages[`node_modules/${name}`] !== undefined;
  }
}

function exact(range) {
  const version = /\d+\.\d+\.\d+[^\s|]*/.exec(range)?.[0];
  if (version === undefined) throw new Error(`no exact version in ${range}`);
  return version;
}

function platform(name) {
  const os = [
    'darwin',
    'win32',
    'linux',
    'freebsd',
    'android',
    'openbsd',
    'netbsd',
    'sunos',
    'aix',
    'openharmony',
  ].find((o) => new RegExp(`(^|[-/])(${o}${o === 'win32' ? '|windows' : ''})([-/]|$)`).test(name));
  const cpu = [
    ['x64', /(^|[-/])(x64|64|amd64)(-|$)/],
    ['arm64', /arm64/],
    ['arm', /(^|[-/])arm(-|$|v)/],
    ['ia32', /ia32|(^|-)32(-|$)/],
    ['ppc64', /ppc64/],
    ['s390x', /s390x/],
    ['riscv64', /riscv64/],
    ['loong64', /loong64/],
    ['mips64el', /mips64el/],
    ['wasm32', /wasm32/],
  ].find(([, pattern]) => pattern.test(name))?.[0];
  const libc = /musl/.test(name) ? 'musl' : /gnu/.test(name) && os === 'linux' ? 'glibc' : undefined;
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
  };
}
