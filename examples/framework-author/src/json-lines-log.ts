import { appendFile, open } from 'node:fs/promises';
import { type CommitId, invalidInput } from '@millwright/core';
import { checkCommit, checkFrom, type LogStore, MAX_COMMIT_BYTES, type StoredCommit } from '@millwright/core/storage';

/**
 * A log as a text file with one line of JSON per commit, for any number of processes on one machine. A line is appended
 * by one write, and the order of the file decides: the first line for a place is the commit, later ones have lost.
 */
export function jsonLinesLog(path: string): LogStore {
  const commits: StoredCommit[] = [];
  const head = () => commits.at(-1) && { seq: commits.length, commitId: commits.at(-1)!.commitId };
  let offset = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** One use after the other, each on everything that anybody has appended before it. */
  function next<T>(signal: AbortSignal | undefined, use: () => T | Promise<T>): Promise<T> {
    const turn = last.then(() => (signal?.aborted ? Promise.reject(signal.reason) : catchUp())).then(use);
    last = turn.catch(() => undefined);
    return turn;
  }

  /** Takes in the lines that are whole. What is no commit is the rest of a writer that died, or a commit that has lost. */
  async function catchUp(): Promise<void> {
    await using file = await open(path, 'a+');
    const { buffer } = await file.read({ buffer: Buffer.alloc((await file.stat()).size - offset), position: offset });
    const lines = buffer.toString('latin1', 0, buffer.lastIndexOf('\n') + 1);
    offset += lines.length;
    for (const [, seq, id, base64 = ''] of lines.matchAll(LINE)) {
      if (Number(seq) > commits.length + 1) throw invalidInput(path, `commit ${commits.length + 1}`, `commit ${seq}`);
      if (Number(seq) <= commits.length) continue;
      commits.push({
        seq: Number(seq),
        commitId: id as CommitId,
        bytes: new Uint8Array(Buffer.from(base64, 'base64')),
      });
    }
  }

  return {
    id: `jsonLinesLog(${path})`,
    capabilities: { durability: 'fsync', multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    head: (options) => next(options?.signal, head),
    async append(commit, options) {
      checkCommit(commit, MAX_COMMIT_BYTES);
      const { seq, commitId, bytes } = commit;
      const line = `{"seq":${seq},"id":"${commitId}","bytes":"${Buffer.from(bytes).toString('base64')}"}`;
      return next(options?.signal, async () => {
        const free = commits.length + 1;
        if (seq > free) throw invalidInput('seq', `${free}, directly after the head`, seq);
        // The first line feed ends the line of a writer that died in the middle of it.
        try {
          if (seq === free) await appendFile(path, `\n${line}\n`, { flush: true }).then(catchUp);
        } catch (cause) {
          return { kind: 'unknown', cause };
        }
        const mine = seq === free && commits[seq - 1]?.commitId === commitId;
        return mine ? { kind: 'committed' } : { kind: 'conflict', head: head()! };
      });
    },
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      await next(options?.signal, () => undefined);
      for (const commit of commits.slice(from - 1, from - 1 + limit)) {
        options?.signal?.throwIfAborted();
        yield { ...commit, bytes: commit.bytes.slice() };
      }
    },
    [Symbol.asyncDispose]: async () => void (await last),
  };
}

const LINE = /^\{"seq":(\d+),"id":"(\w+)","bytes":"([\w+/=]*)"\}$/gm;
