import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openLedger } from '@millwright/core/ledger';
import { afterAll, describe, expect, test } from 'vitest';
import { jsonLinesLog } from '../src/json-lines-log.js';
import { suites } from '../src/suites.js';

const home = resolve(import.meta.dirname, '..');
const { log, runtime, end } = suites();
afterAll(end);

describe('the log store', () => {
  for (const c of log) test.skipIf(c.skip)(c.name, c.run);
});

describe('the model runtime', () => {
  for (const c of runtime) test.skipIf(c.skip)(c.name, c.run);
});

test.each(['json-lines-log.ts', 'scorecard-runtime.ts'])('%s has at most 60 lines of code', (name) => {
  const lines = readFileSync(join(home, 'src', name), 'utf8').split('\n');
  const code = lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line));
  expect(code.length).toBeGreaterThan(30);
  expect(code.length).toBeLessThanOrEqual(60);
});

test('npm start says that both pass, and serves a model with them', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['start', '--silent'], { cwd: home, encoding: 'utf8' });
  expect(stderr.replaceAll(/^npm warn.*\n/gm, '')).toBe('');
  expect(stdout).toMatch(/log store on JSON lines: (\d+) of \1 cases passed, 0 skipped/);
  expect(stdout).toMatch(/runtime for scorecards: (\d+) of \1 cases passed, 0 skipped/);
  expect(stdout).toMatch(/late@1 on scorecard: {"probability":0\.8175/);
  expect(stdout).toMatch(/ledger\.jsonl: \d+ events, verified: true/);
  expect(status).toBe(0);
});

describe('a damaged file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'json-lines-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'log');
  const write = async (name: string) => {
    await using ledger = await openLedger({ log: jsonLinesLog(path), actor: 'maria' });
    await ledger.commit(() => ({ events: [{ type: 'work.done', data: { name } }], result: undefined }));
    return ledger.head.seq;
  };

  test('goes on after a line that was torn by a crash', async () => {
    await write('a');
    appendFileSync(path, '\n{"seq":3,"id":"01J000');
    expect(await write('b')).toBe(3);
    await using ledger = await openLedger({ log: jsonLinesLog(path), actor: 'maria' });
    expect(await ledger.verify()).toMatchObject({ ok: true, commits: 3 });
  });

  test('is refused when a line is gone', async () => {
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.filter((line) => !line.startsWith('{"seq":2')).join('\n'));
    await expect(openLedger({ log: jsonLinesLog(path), actor: 'maria' })).rejects.toThrow('commit 2');
  });
});
