import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The benchmark in a process of its own, with fewer swaps; `MILLWRIGHT_SWAPS=500` is its full size. */
const SWAPS = process.env['MILLWRIGHT_SWAPS'] ?? '100';

test('hot swaps under load fail no request and keep memory where it was', () => {
  const bench = join(import.meta.dirname, '../../bench/swap.bench.ts');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millwright/source', '--expose-gc', bench],
    { encoding: 'utf8', env: { ...process.env, MILLWRIGHT_SWAPS: SWAPS } },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1]);
  expect(number(/([\d]+) swaps/)).toBe(Number(SWAPS));
  expect(number(/, (\d+) failed/)).toBe(0);
  expect(number(/(\d+) requests/)).toBeGreaterThan(10 * Number(SWAPS));
  expect(number(/, (-?[\d.]+) %/)).toBeLessThanOrEqual(5);
});
