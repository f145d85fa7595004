import { describe, expect, test } from 'vitest';
import { type Attempt, checkHistory } from '../../src/conformance/index.js';
import type { CommitId } from '../../src/index.js';
import type { StoredCommit } from '../../src/storage/index.js';

const commit = (seq: number, id: string): StoredCommit => ({
  seq,
  commitId: id as CommitId,
  bytes: Uint8Array.of(seq, id.charCodeAt(0)),
});
const told = (one: StoredCommit, kind: 'committed' | 'unknown', start: number): Attempt => ({
  commit: one,
  outcome: kind === 'unknown' ? { kind, cause: 'lost' } : { kind },
  start,
  end: start + 1,
});
const beaten = (one: StoredCommit, by: StoredCommit, start: number): Attempt => ({
  commit: one,
  outcome: { kind: 'conflict', head: { seq: by.seq, commitId: by.commitId } },
  start,
  end: start + 1,
});

describe('a history in which commits are tried again', () => {
  const [a1, b1, b2] = [commit(1, 'a'), commit(1, 'b'), commit(2, 'b')];

  test('is fine when a commit met itself after an unknown outcome', () => {
    checkHistory([told(a1, 'unknown', 1), beaten(a1, a1, 3)], [a1]);
  });

  test('is fine when a commit won another place than it wanted', () => {
    checkHistory([told(a1, 'committed', 1), beaten(b1, a1, 3), told(b2, 'committed', 5)], [a1, b2]);
  });

  test.each([
    ['a winner that was told of conflicts only', [beaten(a1, a1, 1), beaten(a1, a1, 3)], [a1], 'was told'],
    ['a commit that was told committed at a place it does not have', [told(b1, 'committed', 1)], [a1], 'nobody'],
    [
      'two tries with different bytes',
      [told(a1, 'unknown', 1), told({ ...a1, bytes: b1.bytes }, 'unknown', 3)],
      [a1],
      'commit 1',
    ],
    [
      'a head that was seen before its commit was sent',
      [beaten(b1, a1, 1), told(a1, 'committed', 3)],
      [a1],
      'before anybody',
    ],
  ] as const)('is refused for %s', (_, attempts, log, reason) => {
    expect(() => checkHistory(attempts, log)).toThrow(reason);
  });
});
