import { writeSync } from 'node:fs';
import { openLedger } from '@millwright/core/ledger';
import { folder } from '../../../src/fs.js';

/**
 * Commits for ever, or `count` times, and says so: one line per commit that the ledger has acknowledged. The lines go to
 * the pipe before the next commit begins, so what was said is known also after a SIGKILL.
 */
const [root = '', name = '', count = 'Infinity', maxAttempts = '100'] = process.argv.slice(2);
const ledger = await openLedger({ log: folder(root).log, actor: name, maxAttempts: Number(maxAttempts) });
writeSync(1, 'open\n');
for (let n = 1; n <= Number(count); n++) {
  const key = `${name}-${n}`;
  await ledger.commit(() => ({ events: [{ type: 'work.done', data: { key } }], result: undefined }));
  writeSync(1, `${key}\n`);
}
