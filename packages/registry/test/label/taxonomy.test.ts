import { expect, test } from 'vitest';
import { defineTaxonomy, labelAtDepth, upgradeLabel } from '../../src/label/index.js';

const node = (id: string, parent?: string) => ({ id, label: id, parent });

test('a taxonomy is a tree with a digest', () => {
  const delays = defineTaxonomy('delay-cause', [node('delay'), node('weather', 'delay'), node('snow', 'weather')]);
  expect(labelAtDepth(delays, 'snow', 1)).toBe('weather');
  expect(labelAtDepth(delays, 'delay', 3)).toBe('delay');
  expect(delays.digest).toBe(defineTaxonomy('delay-cause', delays.nodes).digest);
  expect(() => labelAtDepth(delays, 'fog', 0)).toThrow(/label of the taxonomy/);
});

test('what is no tree is refused', () => {
  for (const nodes of [[], [node('a'), node('a')], [node('a', 'b')], [node('a', 'b'), node('b', 'a')], [node('')]])
    expect(() => defineTaxonomy('t', nodes)).toThrow(expect.objectContaining({ code: 'input/invalid' }));
  expect(() => defineTaxonomy('t', [node('a')], { old: 'b' })).toThrow(/replaces.old/);
});

test('labels of older versions are carried over, merged, or gone', () => {
  const second = defineTaxonomy('t', [node('storm'), node('crew')], { snow: 'storm', wind: 'storm', other: null });
  const third = defineTaxonomy('t', [node('weather'), node('crew')], { storm: 'weather' });
  expect(upgradeLabel('snow', [second, third])).toBe('weather');
  expect(upgradeLabel('crew', [second, third])).toBe('crew');
  expect(upgradeLabel('other', [second, third])).toBeUndefined();
  expect(upgradeLabel('constructor', [second])).toBeUndefined();
});
