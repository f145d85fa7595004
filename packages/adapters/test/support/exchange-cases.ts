import type { ObservationExchange, RolloutStatistics } from '@millwright/serving/rollout';
import { expect, test } from 'vitest';

/** Sums with a `logarithm` that JSON must not round. */
export function sums(epoch: number, errors: number): RolloutStatistics {
  const metric = { rows: [100, 5], missing: [0, 0], sum: [errors, 1], rank: [Math.log(errors + 1) / 3] } as const;
  return [{ epoch, share: 0.05, exposures: [100, 5], metrics: { errors: metric } }];
}

/** What every exact exchange does; `open` gives two that meet at the same place. */
export function exchangeCases(open: () => readonly [ObservationExchange, ObservationExchange]): void {
  test('what one process publishes the others read, digit by digit', async () => {
    const [one, two] = open();
    await one.publish('r1', { boot: 'a/1', number: 1, epochs: sums(1, 7) });
    await two.publish('r1', { boot: 'b/1', number: 4, epochs: sums(1, 9) });
    const read = await two.read('r1');
    expect([...read].sort((x, y) => x.boot.localeCompare(y.boot))).toEqual([
      { boot: 'a/1', number: 1, epochs: sums(1, 7) },
      { boot: 'b/1', number: 4, epochs: sums(1, 9) },
    ]);
    expect(one.exact).toBe(true);
  });

  test('higher numbers replace lower ones, in whatever order they come', async () => {
    const [one, two] = open();
    for (const number of [2, 10, 9, 1]) await one.publish('r2', { boot: 'a/1', number, epochs: sums(number, number) });
    expect(await two.read('r2')).toEqual([{ boot: 'a/1', number: 10, epochs: sums(10, 10) }]);
  });

  test('rollouts are apart, and one that nobody knows is empty', async () => {
    const [one] = open();
    await one.publish('r3', { boot: 'a/1', number: 1, epochs: [] });
    expect(await one.read('r4')).toEqual([]);
    expect(await one.read('r3')).toEqual([{ boot: 'a/1', number: 1, epochs: [] }]);
  });
}
