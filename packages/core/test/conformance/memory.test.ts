import { describe, expect, test } from 'vitest';
import { blobStoreCases, type Case, logStoreCases } from '../../src/conformance/index.js';
import { type BlobStore, type LogStore, memoryBlobs, memoryLog } from '../../src/storage/index.js';

const byPlace = <T>(make: () => T) => {
  const places = new Map<string, T>();
  return (place: string): T => {
    const there = places.get(place) ?? make();
    places.set(place, there);
    return there;
  };
};
const run = (cases: readonly Case[]) => {
  for (const one of cases) test.skipIf(one.skip)(one.name, one.run);
};

describe('memoryLog', () => run(logStoreCases(byPlace<LogStore>(memoryLog), { reopen: true })));
describe('memoryBlobs', () => run(blobStoreCases(byPlace<BlobStore>(memoryBlobs), { reopen: true })));

describe('the suites', () => {
  test('have at least 120 cases, each with its own name', () => {
    const names = [...logStoreCases(memoryLog), ...blobStoreCases(memoryBlobs)].map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(120);
    expect(new Set(logStoreCases(memoryLog).map(({ name }) => name)).size).toBe(logStoreCases(memoryLog).length);
    expect(new Set(blobStoreCases(memoryBlobs).map(({ name }) => name)).size).toBe(blobStoreCases(memoryBlobs).length);
  });

  test('say why they skip what they were not told that it can be run', () => {
    const skipped = logStoreCases(memoryLog, { bulk: false }).filter(({ skip }) => skip !== undefined);
    expect(new Set(skipped.map(({ skip }) => skip))).toEqual(
      new Set([expect.stringContaining('reopen: true'), expect.stringContaining('bulk: false')]),
    );
  });

  test('name the case and keep the cause when the store breaks', async () => {
    const cause = new TypeError('undefined is not a function');
    const broken = { ...memoryLog(), head: () => Promise.reject(cause) };
    const [, emptyLog] = logStoreCases(() => broken);
    await expect(emptyLog?.run()).rejects.toMatchObject({
      code: 'storage/nonconforming',
      details: { case: emptyLog?.name, reason: 'undefined is not a function' },
      cause,
    });
  });
});
