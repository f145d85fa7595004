// Runs the benchmarks one after the other, each in a process of its own: `npm run bench`, or `npm run bench -- ledger drift`.
// Each prints a table with its baseline measured in the same run. Numbers are for a quiet machine; nothing here is a test.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const benches = readdirSync(join(root, 'packages')).flatMap((name) => {
  const folder = join(root, 'packages', name, 'bench');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.bench.ts'))
    .map((entry) => ({ name: `${name}/${entry.name.replace('.bench.ts', '')}`, file: join(folder, entry.name) }));
});
let failed = 0;
for (const { name, file } of benches) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  console.log(`\n── ${name}`);
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millwright/source', '--expose-gc', file],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (status !== 0) failed++;
}
process.exit(failed);
