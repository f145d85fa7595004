import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '@millwright/core';
import { type Ledger, openLedger } from '@millwright/core/ledger';
import type { EventExit } from '@millwright/registry/feed';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CloudEvent } from '../../src/cloudevents.js';
import { folder } from '../../src/fs.js';
import { deliverAll, eventIds, ledgerOf, write } from './events.js';
import { type ExitAddress, openExit } from './exits.js';
import { program } from './program.js';

const KILLS = 5;

/** What exits do that know where they are; `address` is where, `delivered` what is there of a ledger, in its order. */
export function eventExitCases(
  address: () => ExitAddress,
  delivered: (ledger: Pick<Ledger, 'id'>) => Promise<readonly CloudEvent[]>,
): void {
  let opened: Awaited<ReturnType<typeof openExit>>;
  const scratch = mkdtempSync(join(tmpdir(), 'millwright-exit-'));
  beforeAll(async () => {
    opened = await openExit(address());
  });
  afterAll(async () => {
    await opened?.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  const idsOf = async (ledger: Pick<Ledger, 'id'>) => (await delivered(ledger)).map(({ id }) => id);

  test('events arrive in order, and a new start goes on where the last one ended', async () => {
    const ledger = await ledgerOf(3);
    await deliverAll(ledger, opened.exit);
    await write(ledger, 2);
    let again = 0;
    await deliverAll(ledger, opened.exit, () => again++);
    expect(again).toBe(2);
    expect(await idsOf(ledger)).toEqual(await eventIds(ledger));
    const [first] = await delivered(ledger);
    expect(first).toMatchObject({ specversion: '1.0', type: 'millwright.ledger.created', actor: 'maria' });
  });

  test('an event whose answer was lost is sent again and is there once', async () => {
    const ledger = await ledgerOf(3);
    let lost = 0;
    const unlucky: EventExit = {
      ...opened.exit,
      async send(...event) {
        await opened.exit.send(...event);
        if (lost < 2) throw new Error(`the answer was lost, ${++lost}`);
      },
    };
    await deliverAll(ledger, unlucky);
    expect(lost).toBe(2);
    expect(await idsOf(ledger)).toEqual(await eventIds(ledger));
  });

  test(`a process that delivers is killed ${KILLS} times: every event is there, in order, once`, async () => {
    const root = join(scratch, 'factory');
    const ledger = await openLedger({ log: folder(root).log, actor: 'maria' });
    for (let i = 0; i < 4; i++) await write(ledger, 100);
    const script = program(join(import.meta.dirname, 'deliverer.ts'), scratch);
    const random = seededRandom(5);
    for (let kills = 0; ; kills++) {
      const child = spawn(process.execPath, [script, root, JSON.stringify(address())], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const last = kills < KILLS ? 1 + Math.floor(random.next() * 30) : Number.POSITIVE_INFINITY;
      let own = 0;
      let cursor = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        cursor = Number(line);
        if (cursor === ledger.head.size) child.kill('SIGKILL');
        if (line !== 'open' && ++own === last) void wait(random.next() * 3).then(() => child.kill('SIGKILL'));
      }
      await ended;
      expect(child.signalCode).toBe('SIGKILL');
      if (cursor === ledger.head.size) {
        expect(kills).toBe(KILLS);
        break;
      }
    }
    expect(await idsOf(ledger)).toEqual(await eventIds(ledger));
  });
}
