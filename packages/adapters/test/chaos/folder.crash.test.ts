import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '@millwright/core';
import { afterEach, expect, test } from 'vitest';
import { folder } from '../../src/fs.js';
import { program } from '../support/program.js';
import { type Call, checkChaos, WRITERS } from './chaos.js';
import { shareOf } from './share.js';

const PROCESSES = 4;
const KILLS = 24;
const BATCH = 120;
const { commits, timeout } = shareOf('folder');

const scratch = mkdtempSync(join(tmpdir(), 'millwright-chaos-'));
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});

test(`16 writers in ${PROCESSES} processes that are killed ${KILLS} times, ${commits} commits`, {
  timeout,
}, async () => {
  const script = program(join(import.meta.dirname, 'writers.ts'), scratch);
  const root = join(scratch, 'factory');
  const random = seededRandom(5);
  const calls: Call[] = [];
  let lives = 0;

  /** One life of a process: killed some milliseconds after a random number of its commands was acknowledged. */
  async function live(): Promise<void> {
    const args = [script, root, `${++lives}`, `${WRITERS / PROCESSES}`, `${BATCH}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.add(child);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const last = Math.ceil((2 * random.next() * commits) / KILLS);
    let own = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      const [key = '', number, start, end] = line.split(' ');
      calls.push({ key, number: Number(number), start: Number(start), end: Number(end) });
      if (++own === last) void wait(random.next() * 20).then(() => child.kill('SIGKILL'));
    }
    await ended;
    children.delete(child);
    if (child.signalCode !== 'SIGKILL') throw new Error(`a process ended by itself with ${child.exitCode}`);
  }
  const slots = Array.from({ length: PROCESSES }, async () => {
    while (calls.length < commits || lives < KILLS) await live();
  });
  await Promise.all(slots);

  const unacknowledged = lives * (WRITERS / PROCESSES) * BATCH;
  const { commands } = await checkChaos(folder(root).log, { calls, attempts: [], heads: [] }, unacknowledged);
  expect(commands).toBeGreaterThanOrEqual(commits);
});
