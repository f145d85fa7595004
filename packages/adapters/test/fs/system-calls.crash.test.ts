import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '@millwright/core/ledger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { folder } from '../../src/fs.js';
import { program } from '../support/program.js';

const CALLS = ['mkdir', 'fsync', 'link', 'unlink'] as const;
const SHARED_CALLS = ['openat', 'write', 'close', 'read', 'statx', 'getdents64'] as const;
const FAULTS = ['error=EIO', 'error=ENOSPC', 'signal=KILL'] as const;

describeService('system calls of a commit', straceMissing(), () => {
  const scratch = mkdtempSync(join(tmpdir(), 'millwright-strace-'));
  let script: string;
  beforeAll(() => {
    script = program(join(import.meta.dirname, 'crash/writer.ts'), scratch);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /**
   * A process that opens a ledger, or makes it, and commits `count` times, in which call number `when` fails; how often
   * the call was made. With paths, only calls on these count.
   */
  function inject(
    root: string,
    {
      call,
      fault,
      when,
      count,
      paths = [],
    }: { call: string; fault: string; when: number; count: number; paths?: string[] },
  ) {
    const trace = join(scratch, 'trace');
    const what = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`];
    const args = ['-f', '-o', trace, ...paths.flatMap((path) => ['-P', path]), ...what];
    const { stdout } = spawnSync('strace', [...args, process.execPath, script, root, 'injected', `${count}`, '8'], {
      encoding: 'utf8',
      // One thread does all the file work, so that calls can be counted.
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      timeout: 60_000,
    });
    const made = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`${call}(`)).length;
    return { said: stdout.split('\n').filter((line) => line.startsWith('injected-')), made };
  }

  test.each(CALLS.flatMap((call) => FAULTS.map((fault) => ({ call, fault }))))(
    '$call with $fault, at every occurrence: the ledger opens and verifies, nothing said is lost',
    async ({ call, fault }) => {
      let struck = 0;
      for (let when = 1; ; when++) {
        const root = join(scratch, `${call}-${fault}-${when}`);
        const { said, made } = inject(root, { call, fault, when, count: 2 });
        if (made < when) {
          expect(said).toHaveLength(2);
          break;
        }
        struck++;
        await inspect(root, said);
      }
      expect(struck).toBeGreaterThan(0);
    },
  );

  // Node makes these for itself too, so only those count that touch what one commit touches.
  test.each(SHARED_CALLS.flatMap((call) => FAULTS.map((fault) => ({ call, fault }))))(
    '$call with $fault on the files and directories of one commit, at every occurrence',
    async ({ call, fault }) => {
      let struck = 0;
      for (let when = 1; ; when++) {
        const root = join(scratch, `${call}-${fault}-${when}`);
        await openLedger({ log: folder(root, { durability: 'relaxed' }).log, actor: 'founder' });
        const paths = [
          'log',
          'log/tmp',
          'log/tmp/1.tmp',
          'log/000/000/000',
          'log/000/000/000/001',
          'log/000/000/000/002',
        ];
        const touched = paths.map((path) => join(root, path));
        const { said, made } = inject(root, { call, fault, when, count: 1, paths: touched });
        if (made < when) {
          expect(said).toHaveLength(1);
          break;
        }
        struck++;
        await inspect(root, said);
      }
      expect(struck).toBeGreaterThan(0);
    },
  );

  /** The ledger opens, verifies, holds what was said, nothing twice, and goes on. */
  async function inspect(root: string, said: readonly string[]): Promise<void> {
    const ledger = await openLedger({ log: folder(root).log, actor: 'inspector' });
    expect(await ledger.verify()).toMatchObject({ ok: true });
    const keys: string[] = [];
    for await (const { type, data } of ledger.read()) if (type === 'work.done') keys.push(String(data['key']));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(expect.arrayContaining([...said]));
    await ledger.commit(() => ({ events: [{ type: 'work.done', data: { key: 'after' } }], result: undefined }));
  }
});

function straceMissing(): string | undefined {
  if (process.platform === 'linux' && existsSync('/usr/bin/strace')) return undefined;
  return 'no strace: apt-get install --no-install-recommends strace';
}
