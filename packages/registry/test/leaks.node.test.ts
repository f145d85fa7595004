import { getEventListeners } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { bytesKept } from '../../../test/support/memory.js';
import { deliverEvents, watchEvents } from '../src/feed/index.js';
import { desk, withVersions } from './desk.js';

const { signal } = new AbortController();
afterEach(() => expect(getEventListeners(signal, 'abort')).toEqual([]));

test('a signal that lives on keeps nothing of models that were resolved, read and searched', async () => {
  const { registry } = await desk();
  await withVersions(registry, 3);
  await registry.models.moveAlias('flight-delay', 'champion', 'flight-delay@2', { reason: 'go' });
  const champion = registry.alias('flight-delay', 'champion');
  const work = async () => {
    const { artifact } = await champion.resolve({ signal });
    await artifact.bytes('model.onnx', { signal });
    registry.models.search({ model: 'flight-delay' });
    registry.models.version('flight-delay@1');
  };
  // Measured: 20 bytes or less. An artifact with its manifest takes about 2,000.
  expect(await bytesKept(work, 500)).toBeLessThan(500);
});

test('a ledger keeps nothing of those who followed it', async () => {
  const { registry } = await desk();
  await withVersions(registry, 2);
  const { ledger } = registry;
  const follow = async () => {
    for await (const _ of watchEvents(ledger, { from: 0, signal })) break;
    const stop = new AbortController();
    const moves = registry.alias('flight-delay', 'champion').watch!({ signal: stop.signal })[Symbol.asyncIterator]();
    const moved = moves.next();
    await deliverEvents(ledger, { send: async () => stop.abort() }, { from: 1, signal: stop.signal });
    await moved;
  };
  // Measured: 70 bytes or less. A listener with what it holds takes about 1,500.
  expect(await bytesKept(follow, 300)).toBeLessThan(500);
});
