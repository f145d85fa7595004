import { expect, test } from 'vitest';
import { rejectSoon } from '../../src/endpoint/reject-soon.js';

test('each caller hears its own reason once, in order, and no sooner than it can listen', async () => {
  const reject = rejectSoon();
  const heard: unknown[] = [];
  reject((reason) => heard.push(reason), 1);
  reject((reason) => {
    heard.push(reason);
    // One that is refused because of another comes in the next turn.
    reject((next) => heard.push(next), 3);
  }, 2);
  expect(heard).toEqual([]);
  await Promise.resolve();
  expect(heard).toEqual([1, 2]);
  await Promise.resolve();
  expect(heard).toEqual([1, 2, 3]);
});
