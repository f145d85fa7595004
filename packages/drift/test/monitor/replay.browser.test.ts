import { expect, test } from 'vitest';
import { REPLAYED, replay } from './replay.js';

test('a page replays a stream to the digests and verdicts that a server has', () => {
  expect(replay()).toEqual(REPLAYED);
});
