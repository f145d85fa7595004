// The whole test run: every lane in order, counted. `npm test` skips a lane that this machine cannot run and says which
// command enables it; with CI=true a missing lane is a failure. `npm test -- unit browser` runs only those lanes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { otherNodes } from './other-nodes.mjs';

const root = resolve(import.meta.dirname, '..');
const ci = process.env.CI === 'true';
const scratch = mkdtempSync(join(tmpdir(), 'millwright-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed, said again at the end, where it is found in a long log. */
const failures = [];

const chromium = process.env.MILLWRIGHT_CHROMIUM ?? '/usr/bin/chromium';
const needsChromium = () =>
  existsSync(chromium) ? undefined : 'no Chromium: apt-get install chromium, or set MILLWRIGHT_CHROMIUM';
const needsCeph = () =>
  ['radosgw', 'ceph-mon', 'ceph-osd'].every((name) => onPath(name))
    ? undefined
    : 'no S3 server: apt-get install radosgw ceph-mon ceph-osd';

const LANES = {
  lock: [command('node', 'scripts/complete-lock.mjs', '--check')],
  types: [
    command('node_modules/.bin/tsc', '-p', 'tsconfig.json'),
    command('node_modules/.bin/tsc', '-p', 'tsconfig.browser.json'),
    command('node_modules/.bin/tsc', '-p', 'packages/adapters/console-app'),
  ],
  lint: [command('node_modules/.bin/biome', 'check', '--error-on-warnings', '.')],
  layers: [
    command('node', 'scripts/check-layers.mjs'),
    command('node', 'scripts/error-docs.mjs', '--check'),
    command('node', 'scripts/api-report.mjs', '--check'),
  ],
  unit: [vitest('any', 'node'), vitest('type')],
  build: [command('node_modules/.bin/turbo', 'run', 'build', '--output-logs=errors-only')],
  packages: [command('node', 'scripts/check-packages.mjs'), command('node_modules/.bin/size-limit')],
  smoke: [command('node', 'scripts/pack-smoke.mjs')],
  site: [command('npm', 'run', 'docs')],
  browser: [vitest('browser')],
  service: [vitest('service')],
  crash: [vitest('crash')],
  example: [vitest('example')],
  nodes: [otherVersions],
};
/** Where a version of Node can make a difference: files, streams, crypto, workers, native libraries, HTTP. */
const ROOMS_PER_NODE = [
  ...['foundation', 'storage', 'artifact', 'ledger', 'attestation'].map((room) => `packages/core/test/${room}/`),
  ...['feed', 'model', 'run'].map((room) => `packages/registry/test/${room}/`),
  'packages/drift/test/test/',
  ...['endpoint', 'engine', 'runtime'].map((room) => `packages/serving/test/${room}/`),
  ...['arrow', 'cli', 'duckdb', 'fs', 'http', 'huggingface', 'modelpack', 'parquet'].map(
    (room) => `packages/adapters/test/${room}/`,
  ),
];
const NEEDS = { browser: needsChromium, smoke: needsChromium, service: needsCeph };

const chosen = process.argv.slice(2);
for (const name of chosen)
  if (LANES[name] === undefined) throw new Error(`no lane ${name}; lanes: ${Object.keys(LANES).join(' ')}`);
const started = performance.now();
for (const [name, steps] of Object.entries(LANES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const missing = NEEDS[name]?.();
  if (missing !== undefined) {
    console.log(`\n── ${name}: ${ci ? 'FAILED' : 'skipped'} (${missing})`);
    if (ci) fail(`${name}: ${missing}`);
    else total.skipped++;
    continue;
  }
  console.log(`\n── ${name}`);
  const before = performance.now();
  for (const step of steps) step();
  console.log(`── ${name} took ${((performance.now() - before) / 1000).toFixed(1)} s`);
}
rmSync(scratch, { recursive: true, force: true });
for (const what of failures) console.log(`\nFAILED: ${what}`);
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s in all`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

/** A check that passes or fails as a whole. */
function command(program, ...args) {
  return () => {
    if (run(program, args) === 0) total.passed++;
    else fail(`${program} ${args.join(' ')}`);
  };
}

function fail(what) {
  total.failed++;
  failures.push(what);
}

/** The tests of some projects. */
function vitest(...projects) {
  return () => vitestOn(process.execPath, projects);
}

/** The same on other versions of Node, for the rooms where that can make a difference. */
function otherVersions() {
  for (const node of otherNodes(scratch)) {
    run(node, ['--version']);
    vitestOn(node, ['any', 'node'], ROOMS_PER_NODE);
  }
}

/** A vitest run; its own tests are counted. A run that reports nothing has failed. */
function vitestOn(node, projects, rooms = []) {
  const file = join(scratch, `${projects.join('-')}.json`);
  rmSync(file, { force: true });
  const status = run(node, [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...rooms,
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  total.passed += report?.numPassedTests ?? 0;
  for (const { name, assertionResults } of report?.testResults ?? [])
    for (const { status, fullName, failureMessages } of assertionResults)
      if (status === 'failed') fail(`${relative(root, name)}: ${fullName}\n${failureMessages.join('\n')}`);
  total.skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  if (report === undefined || report.numTotalTests === 0 || (status !== 0 && report.numFailedTests === 0)) {
    fail(`vitest ${projects.join(' ')} ended with status ${status} and ${report?.numTotalTests ?? 'no'} tests`);
  }
}

function run(program, args) {
  return spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  }).status;
}

function onPath(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)));
}
