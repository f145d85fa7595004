import { writeSync } from 'node:fs';
import { openLedger } from '@millwright/core/ledger';
import { nodeCalls, type SystemCalls } from '../../../src/fs/disk.js';
import { folder } from '../../../src/fs.js';

/**
 * Commits for ever, or `count` times, and says so: one line per commit that the ledger has acknowledged. The lines go to
 * the pipe before the next commit begins, so what was said is known also after a SIGKILL. Its temporary files are named
 * `1.tmp`, `2.tmp`, …, so that a tracer can be told of them before they exist.
 */
const [root = '', name = '', count = 'Infinity', maxAttempts = '100'] = process.argv.slice(2);

const names = new Map<string, string>();
const named = (path: string): string =>
  path.replace(/[^/]+\.tmp$/, (temporary) => {
    if (!names.has(temporary)) names.set(temporary, `${names.size + 1}.tmp`);
    return names.get(temporary)!;
  });
const calls: SystemCalls = {
  ...nodeCalls,
  open: (path, flags, mode) => nodeCalls.open(named(String(path)), flags, mode),
  link: (from, to) => nodeCalls.link(named(String(from)), to),
  unlink: (path) => nodeCalls.unlink(named(String(path))),
};

const { log } = folder(root, count === 'Infinity' ? {} : { calls });
const ledger = await openLedger({ log, actor: name, maxAttempts: Number(maxAttempts) });
writeSync(1, 'open\n');
for (let n = 1; n <= Number(count); n++) {
  const key = `${name}-${n}`;
  await ledger.commit(() => ({ events: [{ type: 'work.done', data: { key } }], result: undefined }));
  writeSync(1, `${key}\n`);
}
