import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShares } from '../../src/engine/fair-share.js';

test('remembers who waits and some thousand others, however many come by', () => {
  const shares = fairShares();
  const waiting = shares.stateOf({ key: 'waits', weight: 1 });
  shares.add(waiting, 3);
  let most = 0;
  for (let i = 0; i < 100_000; i++) {
    const once = shares.stateOf({ key: `tenant-${i}`, weight: 1 });
    shares.add(once, 1);
    shares.charge(once, 1);
    shares.add(once, -1);
    most = Math.max(most, shares.size);
  }
  expect(most).toBeLessThan(1_100);
  expect(shares.stateOf({ key: 'waits', weight: 1 })).toBe(waiting);
});

test('whoever comes back finds what it has had, until others caught up', () => {
  const shares = fairShares();
  const tenant = (key: string) => shares.stateOf({ key, weight: 2 });
  shares.charge(tenant('a'), 10);
  expect(tenant('a').spent).toBe(5);
  for (let i = 0; i < 4; i++) shares.charge(tenant('b'), 10);
  expect(tenant('a').spent).toBe(15);
});

test('rows before: all that others may have for their weight, and not more than they wait with', () => {
  const share = fc.record({ weight: fc.constantFrom(1, 4, 16), rows: fc.integer({ min: 0, max: 50 }) });
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 20 }), (all, rows) => {
      const shares = fairShares();
      const states = all.map(({ weight }, i) => shares.stateOf({ key: `${i}`, weight }));
      for (const [i, state] of states.entries()) shares.add(state, all[i]!.rows);
      const [own, ...others] = all;
      const part = (own!.rows + rows) / own!.weight;
      const before = others.reduce((sum, other) => sum + Math.min(other.rows, Math.ceil(part * other.weight)), 0);
      expect(shares.rowsBefore(states[0]!, rows)).toBe(before);
    }),
  );
});
