import { describe, expect, test } from 'vitest';
import { blobStoreCases, type Case, logStoreCases } from '../../src/conformance/index.js';
import { type Digest, invalidInput, parseDigest } from '../../src/index.js';
import {
  type BlobStore,
  checkCommit,
  checkedChunks,
  checkFrom,
  clampRange,
  collect,
  type LogStore,
  MAX_COMMIT_BYTES,
} from '../../src/storage/index.js';
import { type BlobState, BROKEN_BLOBS } from './broken-blobs.js';
import { BROKEN_LOGS, type State } from './broken-logs.js';

/** Runs all cases and gives the names of those that fail. */
async function failures(cases: readonly Case[]): Promise<string[]> {
  const out: string[] = [];
  for (const one of cases) {
    if (one.skip === undefined) await one.run().catch(() => out.push(one.name));
  }
  return out;
}

const perPlace = <S, T>(state: () => S, open: (state: S) => T) => {
  const places = new Map<string, S>();
  return (place: string): T => {
    const there = places.get(place) ?? state();
    places.set(place, there);
    return open(there);
  };
};

describe('a correct log', () => {
  test('fails no case', async () => {
    expect(
      await failures(
        logStoreCases(
          perPlace(correctLog, ({ base }) => base),
          { reopen: true },
        ),
      ),
    ).toEqual([]);
  });
});

describe('a log that', () => {
  test.each(Object.entries(BROKEN_LOGS))('%s is found out', async (_, { mutate, noticedBy }) => {
    const make = perPlace(correctLog, (state) => ({ ...state.base, ...mutate(state) }));
    const cases = logStoreCases(make, { reopen: true }).filter(({ name }) => name.includes(noticedBy));
    expect(await failures(cases)).not.toEqual([]);
  });
});

describe('correct blobs', () => {
  test('fail no case', async () => {
    expect(
      await failures(
        blobStoreCases(
          perPlace(correctBlobs, ({ base }) => base),
          { reopen: true },
        ),
      ),
    ).toEqual([]);
  });
});

describe('a blob store that', () => {
  test.each(Object.entries(BROKEN_BLOBS))('%s is found out', async (_, { mutate, noticedBy }) => {
    const make = perPlace(correctBlobs, (state) => ({ ...state.base, ...mutate(state) }));
    const cases = blobStoreCases(make, { reopen: true }).filter(({ name }) => name.includes(noticedBy));
    expect(await failures(cases)).not.toEqual([]);
  });
});

/** The plainest right log, with its state in the open. */
function correctLog(): State {
  const commits: State['commits'] = [];
  const head = () => {
    const last = commits.at(-1);
    return last && { seq: last.seq, commitId: last.commitId };
  };
  const base: LogStore = {
    id: 'correct',
    capabilities: { durability: 'none', multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    async head(options) {
      options?.signal?.throwIfAborted();
      return head();
    },
    async append(commit, options) {
      options?.signal?.throwIfAborted();
      checkCommit(commit, MAX_COMMIT_BYTES);
      if (commit.seq <= commits.length) return { kind: 'conflict', head: head()! };
      if (commit.seq !== commits.length + 1) throw invalidInput('seq', `${commits.length + 1}`, commit.seq);
      commits.push({ ...commit, bytes: commit.bytes.slice() });
      return { kind: 'committed' };
    },
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      for (const commit of commits.slice(from - 1, from - 1 + limit)) {
        options?.signal?.throwIfAborted();
        yield { ...commit, bytes: commit.bytes.slice() };
      }
    },
    async [Symbol.asyncDispose]() {},
  };
  return { commits, base };
}

/** The plainest right blob store, with its state in the open. */
function correctBlobs(): BlobState {
  const blobs = new Map<Digest, Uint8Array>();
  const found = (digest: Digest, signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    return blobs.get(parseDigest(digest));
  };
  const base: BlobStore = {
    id: 'correct',
    async put(digest, body, options) {
      options.signal?.throwIfAborted();
      parseDigest(digest);
      const bytes = await collect(checkedChunks(body, { digest, ...options }));
      if (blobs.has(digest)) return 'exists';
      blobs.set(digest, bytes.slice());
      return 'created';
    },
    async get(digest, options) {
      const bytes = found(digest, options?.signal);
      if (bytes === undefined) return undefined;
      const { start, end } = clampRange(options?.range, bytes.byteLength);
      return new Response(bytes.slice(start, end)).body ?? undefined;
    },
    async stat(digest, options) {
      const bytes = found(digest, options?.signal);
      return bytes && { digest, size: bytes.byteLength };
    },
    async *list(options) {
      for (const digest of [...blobs.keys()].toSorted()) {
        options?.signal?.throwIfAborted();
        const bytes = blobs.get(digest);
        if (bytes !== undefined && digest > (options?.after ?? '')) yield { digest, size: bytes.byteLength };
      }
    },
    async delete(digest, options) {
      found(digest, options?.signal);
      return blobs.delete(digest);
    },
    async [Symbol.asyncDispose]() {},
  };
  return { blobs, base };
}
