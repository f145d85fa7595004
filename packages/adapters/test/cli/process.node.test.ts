import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { program } from '../support/program.js';

const place = mkdtempSync(join(tmpdir(), 'millwright-process-'));
const script = program(join(import.meta.dirname, '../../src/cli-bin.ts'), place, ['@aws-sdk/client-s3']);
afterAll(() => rmSync(place, { recursive: true, force: true }));
const env = { ...process.env, MILLWRIGHT_STORE: join(place, 'factory'), MILLWRIGHT_ACTOR: 'maria' };
const millwright = (...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], { cwd: place, env, encoding: 'utf8' });

describe('the command line as a process', { timeout: 60_000 }, () => {
  test('answers on the output, tells how far it is on the other, and ends with the code of the answer', () => {
    expect(millwright('verify')).toMatchObject({
      status: 4,
      stdout: '',
      stderr: expect.stringContaining('no registry'),
    });
    expect(millwright('init', 'spam', '--owner', 'mail')).toMatchObject({
      status: 0,
      stdout: 'spam belongs to mail.\n',
      stderr: '',
    });
    writeFileSync(join(place, 'weights.bin'), new Uint8Array(5_000_000));
    const registered = millwright('register', 'spam', 'weights.bin', '--json');
    expect(JSON.parse(registered.stdout)).toMatchObject({ id: 'spam@1', registeredBy: 'maria' });
    expect(registered.stderr).toMatch(/^(?:\d+ of 5000000 bytes stored\n){9}5000000 of 5000000 bytes stored\n$/);
    expect(millwright('promote', 'spam@1', '--reason', 'The first.').status).toBe(0);
    expect(millwright('promote', 'spam@1')).toMatchObject({ status: 2, stdout: '' });
    expect(millwright('validate', 'missing.ndjson', '--suite', 'x').status).toBe(5);
    const denied = millwright('init', 'spam', '--owner', 'mail', '--json');
    expect([denied.status, JSON.parse(denied.stderr).error.code]).toEqual([4, 'registry/exists']);
    const verified = millwright('verify', '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
    expect(verified.stderr).toMatch(/4 of 4 commits\n$/);
  });

  test('the answer no, and too little for an answer, have codes of their own', () => {
    const data = (name: string, count: number, shift: number) =>
      writeFileSync(
        join(place, name),
        Array.from({ length: count }, (_, i) => JSON.stringify({ x: ((i * 7919) % 1000) / 1000 + shift })).join('\n'),
      );
    data('before.ndjson', 3_000, 0);
    data('other.ndjson', 3_000, 0.3);
    data('few.ndjson', 8, 0);
    expect(millwright('drift', 'before.ndjson', 'other.ndjson').status).toBe(1);
    expect(millwright('drift', 'before.ndjson', 'few.ndjson').status).toBe(3);
  });

  // `script` gives a process a terminal; util-linux has it, other systems have another one.
  test.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))('shows a bar on a terminal', () => {
    const { stdout } = spawnSync('script', ['-qec', `'${process.execPath}' '${script}' verify`, '/dev/null'], {
      cwd: place,
      env,
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/█+░+ {2}25 % of 4 commits.*█+ 100 % of 4 commits\r?\n/su);
    expect(stdout).toContain('verify.');
  });
});
