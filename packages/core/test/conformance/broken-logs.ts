import type { LogHead, LogStore, StoredCommit } from '../../src/storage/index.js';

/** One mistake that a log store can make. */
export interface Mistake {
  /** `base` does everything right; what a mutant changes, it does wrong. */
  readonly mutate: (state: State) => Partial<LogStore>;
  /** A case that has to notice, by a part of its name. */
  readonly noticedBy: string;
}

/** The state of a correct log that the mutants of one place share, and its correct operations. */
export interface State {
  readonly commits: StoredCommit[];
  readonly base: LogStore;
}

const headOf = ({ commits }: State): LogHead | undefined => {
  const last = commits.at(-1);
  return last && { seq: last.seq, commitId: last.commitId };
};
const copy = (commit: StoredCommit): StoredCommit => ({ ...commit, bytes: commit.bytes.slice() });
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

export const BROKEN_LOGS: Readonly<Record<string, Mistake>> = {
  'ignores the condition and overwrites, as an S3 server that does not know If-None-Match': {
    noticedBy: 'a place that is taken is a conflict',
    mutate: ({ commits, base }) => ({
      async append(commit, options) {
        if (commit.seq > commits.length) return base.append(commit, options);
        commits[commit.seq - 1] = copy(commit);
        return { kind: 'committed' };
      },
    }),
  },
  'looks first and writes later': {
    noticedBy: 'exactly one wins',
    mutate: (state) => ({
      async append(commit, options) {
        if (commit.seq !== state.commits.length + 1) return state.base.append(commit, options);
        await turn();
        state.commits[commit.seq - 1] = copy(commit);
        return { kind: 'committed' };
      },
    }),
  },
  'says committed and forgets the twentieth commit': {
    noticedBy: 'with a client each lose nothing',
    mutate: ({ base }) => ({
      append: async (commit, options) => (commit.seq === 20 ? { kind: 'committed' } : base.append(commit, options)),
    }),
  },
  'says committed to whoever comes second': {
    noticedBy: 'a commit delivered twice',
    mutate: ({ base }) => ({
      async append(commit, options) {
        await base.append(commit, options);
        return { kind: 'committed' };
      },
    }),
  },
  'takes a commit after a gap': {
    noticedBy: 'would leave a gap',
    mutate: ({ commits, base }) => ({
      async append(commit, options) {
        if (commit.seq <= commits.length + 1) return base.append(commit, options);
        commits.push(copy(commit));
        return { kind: 'committed' };
      },
    }),
  },
  'numbers commits itself, as a database sequence': {
    noticedBy: 'a place that is taken is a conflict',
    mutate: ({ commits }) => ({
      async append(commit) {
        commits.push({ ...copy(commit), seq: commits.length + 1 });
        return { kind: 'committed' };
      },
    }),
  },
  'reports a head that is ahead': {
    noticedBy: 'the first commit takes place 1 and is the head',
    mutate: (state) => ({
      async head() {
        const head = headOf(state);
        return head && { ...head, seq: head.seq + 1 };
      },
    }),
  },
  'reports the loser as the head of a conflict': {
    noticedBy: 'names the head',
    mutate: ({ base }) => ({
      async append(commit, options) {
        const outcome = await base.append(commit, options);
        if (outcome.kind !== 'conflict') return outcome;
        return { kind: 'conflict', head: { seq: commit.seq, commitId: commit.commitId } };
      },
    }),
  },
  'answers conflict about its own success, as a client with hidden retries': {
    noticedBy: 'the first commit takes place 1',
    mutate: (state) => ({
      async append(commit, options) {
        await state.base.append(commit, options);
        return { kind: 'conflict', head: headOf(state)! };
      },
    }),
  },
  'keeps the array of the caller': {
    noticedBy: 'the caller may change the array',
    mutate: ({ commits, base }) => ({
      async append(commit, options) {
        const outcome = await base.append(commit, options);
        if (outcome.kind === 'committed') commits[commit.seq - 1] = commit;
        return outcome;
      },
    }),
  },
  'hands out its own array': {
    noticedBy: 'the reader may change the array',
    mutate: ({ commits }) => ({
      async *read({ from, limit = Number.POSITIVE_INFINITY }) {
        yield* commits.slice(from - 1, from - 1 + limit);
      },
    }),
  },
  'stores the whole buffer of a view': {
    noticedBy: 'of a view into a larger array',
    mutate: ({ base }) => ({
      append: (commit, options) => base.append({ ...commit, bytes: new Uint8Array(commit.bytes.buffer) }, options),
    }),
  },
  'stores text': {
    noticedBy: 'bytes that are not UTF-8',
    mutate: ({ base }) => ({
      append: (commit, options) =>
        base.append({ ...commit, bytes: new TextEncoder().encode(new TextDecoder().decode(commit.bytes)) }, options),
    }),
  },
  'cuts a commit at 64 KiB': {
    noticedBy: 'a commit of 65536 bytes',
    mutate: ({ base }) => ({
      append: (commit, options) => base.append({ ...commit, bytes: commit.bytes.subarray(0, 65_535) }, options),
    }),
  },
  'reads one page of a thousand': {
    noticedBy: 'no page edge',
    mutate: ({ base }) => ({
      read: ({ from, limit = 1_000 }, options) => base.read({ from, limit: Math.min(limit, 1_000) }, options),
    }),
  },
  'lists keys as text: 10 before 2': {
    noticedBy: 'commits come back in order',
    mutate: ({ commits }) => ({
      async *read({ from, limit = Number.POSITIVE_INFINITY }) {
        yield* commits
          .slice(from - 1, from - 1 + limit)
          .map(copy)
          .toSorted((a, b) => (String(a.seq) < String(b.seq) ? -1 : 1));
      },
    }),
  },
  'ignores the limit': {
    noticedBy: 'with limit 2',
    mutate: ({ base }) => ({ read: ({ from }, options) => base.read({ from }, options) }),
  },
  'rejects an abort after it has written': {
    noticedBy: 'turns into an append',
    mutate: ({ base }) => ({
      async append(commit, options) {
        const outcome = await base.append(commit, options);
        for (let i = 0; i < 4; i++) await undefined;
        options?.signal?.throwIfAborted();
        return outcome;
      },
    }),
  },
  'never looks at the signal': {
    noticedBy: 'under an aborted signal',
    mutate: ({ base }) => ({ append: (commit) => base.append(commit), head: () => base.head() }),
  },
  'leaves listeners on the signal': {
    noticedBy: 'no listener stays behind',
    mutate: ({ base }) => ({
      head(options) {
        options?.signal?.addEventListener('abort', () => undefined);
        return base.head(options);
      },
    }),
  },
  'takes commits larger than it promises': {
    noticedBy: 'one byte larger',
    mutate: ({ commits, base }) => ({
      async append(commit, options) {
        if (commit.bytes.byteLength <= base.capabilities.maxCommitBytes) return base.append(commit, options);
        commits.push(copy(commit));
        return { kind: 'committed' };
      },
    }),
  },
  'believes its own idea of the head for ever': {
    noticedBy: 'a client that was away overwrites nothing',
    mutate({ commits, base }) {
      let mine = commits.length;
      return {
        async append(commit, options) {
          if (commit.seq !== mine + 1) return base.append(commit, options);
          commits[commit.seq - 1] = copy(commit);
          mine = commit.seq;
          return { kind: 'committed' };
        },
      };
    },
  },
  'loses the last commit when it is closed': {
    noticedBy: 'a client that comes later finds everything',
    mutate: ({ commits }) => ({
      async [Symbol.asyncDispose]() {
        commits.pop();
      },
    }),
  },
};
