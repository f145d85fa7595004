import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import { afterEach, expect, test } from 'vitest';
import { folder } from '../../src/fs.js';
import { program } from '../support/program.js';

const WRITERS = 4;
const KILLS = 40;

const scratch = mkdtempSync(join(tmpdir(), 'millwright-kill-'));
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

test(`${WRITERS} writer processes, killed ${KILLS} times: every acknowledged commit is there, once`, async () => {
  const script = program(join(import.meta.dirname, 'crash/writer.ts'), scratch);
  const root = join(scratch, 'factory');
  const random = seededRandom(11);
  const acknowledged: string[] = [];
  let lives = 0;
  let torn = 0;

  /** One life of a writer: killed after a random number of its commits, some milliseconds into the next one. */
  async function live(): Promise<void> {
    const child = spawn(process.execPath, [script, root, `writer-${++lives}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const last = 1 + Math.floor(random.next() * 6);
    let own = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line !== 'open') acknowledged.push(line);
      if (line === 'open' || ++own !== last) continue;
      void wait(random.next() * 12).then(() => child.kill('SIGKILL'));
    }
    await ended;
    children.delete(child);
    if (child.signalCode !== 'SIGKILL') throw new Error(`a writer ended by itself with ${child.exitCode}`);
    torn += (await readdir(join(root, 'log/tmp'))).length;
  }
  const slots = Array.from({ length: WRITERS }, async () => {
    while (lives < KILLS) await live();
  });
  await Promise.all(slots);

  const ledger = await openLedger({ log: folder(root).log, actor: 'inspector' });
  expect(await ledger.verify()).toMatchObject({ ok: true });
  const keys: string[] = [];
  for await (const { type, data } of ledger.read()) if (type === 'work.done') keys.push(String(data['key']));
  expect(new Set(keys).size).toBe(keys.length);
  expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
  // A commit may be there that nobody was told of, at most one for each death.
  expect(keys.length - acknowledged.length).toBeLessThanOrEqual(lives);
  expect(acknowledged.length).toBeGreaterThan(KILLS);
  // The kills have hit: some left a temporary file behind.
  expect(torn).toBeGreaterThan(0);
});
