import { expect, test } from 'vitest';
import { progressOn } from '../../src/cli/progress.js';

function shown(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  steps: readonly (readonly [number, number])[],
) {
  const written: string[] = [];
  const progress = progressOn({ ...stream, write: (text) => written.push(text) });
  for (const [done, total] of steps) progress(done, total, 'rows');
  return written;
}
const hundred = Array.from({ length: 1_001 }, (_, i) => [i, 1_000] as const);

test('elsewhere than on a terminal there is a line for every tenth', () => {
  const lines = shown({}, hundred);
  expect(lines).toHaveLength(10);
  expect([lines[0], lines.at(-1)]).toEqual(['100 of 1000 rows\n', '1000 of 1000 rows\n']);
  expect(shown({}, [[4, 4]])).toEqual(['4 of 4 rows\n']);
});

test('on a terminal a bar stays in its line, is written once for every percent, and ends with the work', () => {
  const written = shown({ isTTY: true, columns: 60 }, hundred);
  expect(written).toHaveLength(101);
  const bars = written.map((text) => text.replace('\r\x1b[2K', ''));
  expect(bars.every((bar) => bar.trimEnd().length < 60)).toBe(true);
  expect(bars[50]).toMatch(/^█{20}░{20} {2}50 % of 1000 rows$/u);
  expect(bars.slice(0, -1).some((bar) => bar.includes('\n'))).toBe(false);
  expect(bars.at(-1)).toMatch(/^█{40} 100 % of 1000 rows\n$/u);
});

test('a terminal without room shows the words, and nothing to do is all done', () => {
  expect(shown({ isTTY: true, columns: 5 }, [[1, 2]])).toEqual(['\r\x1b[2K  50 % of 2 rows']);
  expect(shown({ isTTY: true, columns: 60 }, [[0, 0]])[0]).toContain('100 %');
});
