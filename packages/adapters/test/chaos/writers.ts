import { writeSync } from 'node:fs';
import { seededRandom } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import { pessimisticLog } from '@millwright/core/testing';
import { folder } from '../../src/fs.js';
import { counter, draw, MISFORTUNE } from './chaos.js';

/**
 * Several ledgers of one process on one folder, each behind its misfortune, that draw numbers until the process is
 * killed. What was acknowledged goes to the pipe at once: key, number, start and end in nanoseconds since the machine started.
 */
const [root = '', life = '', ledgers = '1', batch = '1'] = process.argv.slice(2);
const tick = () => Number(process.hrtime.bigint());

async function write(name: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const log = pessimisticLog(folder(root).log, { random, ...MISFORTUNE });
  const ledger = await openLedger({ log, actor: name, random, maxAttempts: 100, projections: [counter] });
  for (let n = 0; ; ) {
    const keys = Array.from({ length: Number(batch) }, () => `${name}-${n++}`);
    const drawing = keys.map(async (key) => {
      const { number, start, end } = await draw(ledger, key, tick);
      writeSync(1, `${key} ${number} ${start} ${end}\n`);
    });
    await Promise.all(drawing);
  }
}

await Promise.all(Array.from({ length: Number(ledgers) }, (_, i) => write(`${life}.${i}`, 100 * Number(life) + i)));
