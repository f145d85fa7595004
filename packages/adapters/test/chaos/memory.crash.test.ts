import { memoryLog } from '@millwright/core/storage';
import { expect, test } from 'vitest';
import { chaos, checkChaos } from './chaos.js';
import { shareOf } from './share.js';

const { commits, timeout } = shareOf('memory');

test(`16 writers in memory, ${commits} commits`, { timeout }, async () => {
  const log = memoryLog();
  const history = await chaos({ open: () => log, commits, batch: 240 });
  expect((await checkChaos(log, history)).commands).toBe(commits);
});
