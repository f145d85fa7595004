import { expect, test } from 'vitest';
import { REPLAYED, replay } from './replay.js';

test('a stream replays to the same digests and verdicts', () => {
  expect(replay()).toEqual(REPLAYED);
});
