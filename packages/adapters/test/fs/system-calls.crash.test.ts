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
const FAULTS = ['error=EIO', 'error=ENOSPC', 'signal=KILL'] as const;

describeService('system calls of a commit', straceMissing(), () => {
  const scratch = mkdtempSync(join(tmpdir(), 'millwright-strace-'));
  let script: string;
  beforeAll(() => {
    script = program(join(import.meta.dirname, 'crash/writer.ts'), scratch);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** A process that makes a ledger and commits twice, in which call number `when` fails; how often the call was made. */
  function inject(root: string, call: string, fault: string, when: number) {
    const trace = join(scratch, 'trace');
    const args = ['-f', '-o', trace, '-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`];
    const { stdout } = spawnSync('strace', [...args, process.execPath, script, root, 'injected', '2', '8'], {
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
        const { said, made } = inject(root, call, fault, when);
        if (made < when) break;
        struck++;

        const ledger = await openLedger({ log: folder(root).log, actor: 'inspector' });
        expect(await ledger.verify()).toMatchObject({ ok: true });
        const keys: string[] = [];
        for await (const { type, data } of ledger.read()) if (type === 'work.done') keys.push(String(data['key']));
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys).toEqual(expect.arrayContaining(said));
        await ledger.commit(() => ({ events: [{ type: 'work.done', data: { key: 'after' } }], result: undefined }));
      }
      expect(struck).toBeGreaterThan(0);
    },
  );
});

function straceMissing(): string | undefined {
  if (process.platform === 'linux' && existsSync('/usr/bin/strace')) return undefined;
  return 'no strace: apt-get install --no-install-recommends strace';
}
