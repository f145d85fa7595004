import { seededRandom } from '@millwright/core';
import { featuresRequired, memoryPin, openLedger } from '@millwright/core/ledger';
import { memoryHint, memoryLog, memoryStorage } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { all, frozenLog, raise, tally } from './support.js';

const open = (log = memoryLog(), o = {}) =>
  openLedger({ log, actor: 'maria', projections: [tally], random: seededRandom(1), ...o });
const write = (ledger: Awaited<ReturnType<typeof open>>, label: string) =>
  ledger.commit(() => ({ events: [raise(label)], result: 0 }));

describe('features', () => {
  const require = (ledger: Awaited<ReturnType<typeof open>>, features: Parameters<typeof featuresRequired>[0]) =>
    ledger.commit(() => ({ events: [featuresRequired(features)], result: 0 }));

  test('an unknown reader feature closes the ledger to this version, by name', async () => {
    const log = memoryLog();
    const knowing = await open(log, { features: ['vectors'] });
    const ignorant = await open(log);
    await require(knowing, { readerFeatures: ['vectors'] });
    await write(knowing, 'a');
    await expect(open(log)).rejects.toMatchObject({ code: 'ledger/unsupported', details: { features: ['vectors'] } });
    await expect(ignorant.refresh()).rejects.toMatchObject({ code: 'ledger/unsupported' });
    await expect(write(ignorant, 'b')).rejects.toMatchObject({ code: 'ledger/unsupported' });
    expect((await open(log, { features: ['vectors'] })).state(tally).seen).toEqual(['a']);
  });

  test('an unknown writer feature leaves reading', async () => {
    const log = memoryLog();
    const knowing = await open(log, { features: ['seals'] });
    await require(knowing, { writerFeatures: ['seals'] });
    await write(knowing, 'a');
    const ignorant = await open(log);
    expect(ignorant.state(tally).seen).toEqual(['a']);
    await expect(write(ignorant, 'b')).rejects.toMatchObject({
      code: 'ledger/unsupported',
      details: { features: ['seals'] },
    });
  });

  test('a checkpoint does not hide a requirement', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const knowing = await openLedger({ ...storage, actor: 'maria', projections: [tally], features: ['vectors'] });
    await require(knowing, { readerFeatures: ['vectors'] });
    await knowing.checkpoint();
    await expect(openLedger({ ...storage, actor: 'maria', projections: [tally] })).rejects.toMatchObject({
      code: 'ledger/unsupported',
    });
  });

  test('unknown event types are kept and skipped', async () => {
    const log = memoryLog();
    const ledger = await open(log);
    await ledger.commit(() => ({ events: [{ type: 'future.happened', data: { x: 1 } }, raise('a')], result: 0 }));
    const again = await open(log);
    expect(again.state(tally).seen).toEqual(['a']);
    expect((await all(again.read())).map(({ type }) => type)).toContain('future.happened');
  });
});

describe('pinned head', () => {
  test('lets a history that goes on pass, also when the checkpoint lies behind the pin or after it', async () => {
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const pin = memoryPin();
    const openPinned = () => openLedger({ ...storage, actor: 'maria', projections: [tally], pin });
    const ledger = await openPinned();
    await write(ledger, 'a');
    await ledger.close();
    expect(await pin.load()).toEqual({ size: 4, root: ledger.head.root });
    const other = await openLedger({ ...storage, actor: 'paul', projections: [tally] });
    await write(other, 'b');
    await other.checkpoint();
    await write(other, 'c');
    const again = await openPinned();
    expect(again.state(tally).seen).toEqual(['a', 'b', 'c']);
    await again.refresh();
    expect(await pin.load()).toMatchObject({ size: 8 });
  });

  test('refuses a history that was rewritten or rolled back', async () => {
    const log = memoryLog();
    const pin = memoryPin();
    const ledger = await open(log, { pin });
    await write(ledger, 'a');
    await write(ledger, 'b');
    await ledger.close();
    const commits = await all(log.read({ from: 1 }));
    await expect(open(frozenLog(commits.slice(0, 2)), { pin })).rejects.toMatchObject({
      code: 'ledger/forked',
      details: { size: 6, expectedRoot: ledger.head.root },
    });
    const rewritten = memoryLog();
    const forger = await open(rewritten, { random: seededRandom(2) });
    for (const label of ['a', 'x', 'y']) await write(forger, label);
    await expect(open(rewritten, { pin })).rejects.toMatchObject({ code: 'ledger/forked' });
    expect(await pin.load()).toEqual({ size: 6, root: ledger.head.root });
  });

  test('a pin that cannot be saved is not hidden', async () => {
    const pin = { ...memoryPin(), save: () => Promise.reject(new Error('disk full')) };
    const ledger = await open(memoryLog(), { pin });
    await write(ledger, 'a');
    await expect(ledger.refresh()).rejects.toThrow('disk full');
  });
});
