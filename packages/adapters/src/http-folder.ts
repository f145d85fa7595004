import { type Abortable, type Digest, hexOf, MillwrightError, parseDigest } from '@millwright/core';
import {
  type BlobStat,
  checkFrom,
  type LogHead,
  MAX_COMMIT_BYTES,
  type Storage,
  type StoredCommit,
} from '@millwright/core/storage';
import { decodeCommit } from './commit-frame.js';

/**
 * A folder that `folder()` writes, read over HTTP from any server of static files: a page opens a registry, checks its
 * proofs and follows it without a server of its own. Whatever would write throws `storage/unsupported`.
 *
 * The newest commit is found by asking for the next ones. The server must answer 404 for a file that is not there.
 * @param url of the folder, absolute or relative to the page
 * @throws `storage/failed` from every read that the server does not answer
 * @example
 * const registry = await openRegistry(httpFolder('/factory'), { actor: 'reader' });
 */
export function httpFolder(url: string, options: HttpFolderOptions = {}): Storage {
  const base = url.replace(/\/+$/, '');
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  let known: LogHead | undefined;

  /** The answer, or undefined for what is not there. */
  async function ask(path: string, init: RequestInit, { signal }: Abortable = {}): Promise<Response | undefined> {
    const operation = `${init.method ?? 'GET'} ${path}`;
    try {
      const response = await send(`${base}/${path}`, signal === undefined ? init : { ...init, signal });
      if (response.ok) return response;
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      throw failed(operation, `it answered ${response.status}`);
    } catch (error) {
      if (signal?.aborted === true || error instanceof MillwrightError) throw error;
      throw failed(operation, 'it did not answer', error);
    }
  }

  function failed(operation: string, reason: string, cause?: unknown): MillwrightError<'storage/failed'> {
    return new MillwrightError('storage/failed', `${base}: ${operation} failed: ${reason}.`, {
      details: { store: base, operation },
      ...(cause === undefined ? {} : { cause }),
    });
  }

  const unsupported = () =>
    new MillwrightError('storage/unsupported', `${base} is read over HTTP: it cannot be written, nor listed.`, {
      details: { store: base, needs: 'a store that can be written' },
    });
  const readOnly = async (): Promise<never> => {
    throw unsupported();
  };

  async function readCommit(seq: number, o?: Abortable): Promise<StoredCommit | undefined> {
    const response = await ask(commitPath(seq), {}, o);
    return response && decodeCommit(new Uint8Array(await response.arrayBuffer()), seq);
  }

  // A file that was missing a moment ago may be there now: nothing that asks for the newest may come from a cache.
  const exists = async (seq: number, o?: Abortable) =>
    seq <= MAX_SEQ && (await ask(commitPath(seq), { method: 'HEAD', cache: 'no-store' }, o)) !== undefined;

  async function findHead(o?: Abortable): Promise<LogHead | undefined> {
    let seq = known?.seq ?? 0;
    let step = 1;
    for (; await exists(seq + step, o); step *= 2) seq += step;
    for (step /= 2; step >= 1; step /= 2) if (await exists(seq + step, o)) seq += step;
    if (seq === (known?.seq ?? 0)) return known;
    const commit = await readCommit(seq, o);
    known = commit && { seq, commitId: commit.commitId };
    return known;
  }

  async function statOf(digest: Digest, o?: Abortable): Promise<BlobStat | undefined> {
    const response = await ask(blobPath(digest), { method: 'HEAD' }, o);
    const size = Number(response?.headers.get('content-length') ?? Number.NaN);
    return response && { digest, size };
  }

  return {
    log: {
      id: base,
      capabilities: { durability: 'none', multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
      head: findHead,
      append: readOnly,
      async *read({ from, limit = Number.POSITIVE_INFINITY }, o) {
        checkFrom(from);
        for (let seq = from; seq < from + limit; ) {
          const count = Math.min(READ_AHEAD, from + limit - seq);
          const ahead = await Promise.all(Array.from({ length: count }, (_, i) => readCommit(seq + i, o)));
          for (const commit of ahead) {
            if (commit === undefined) return;
            yield commit;
            seq++;
          }
        }
      },
      [Symbol.asyncDispose]: async () => undefined,
    },
    blobs: {
      id: base,
      put: readOnly,
      async get(digest, o) {
        const range = o?.range;
        const headers = range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` };
        if (range !== undefined && range.end <= range.start) return new Blob([]).stream();
        const response = await ask(blobPath(digest), { headers }, o);
        if (response === undefined) return undefined;
        // A server without ranges sends everything.
        if (range !== undefined && response.status !== 206)
          return new Blob([(await response.arrayBuffer()).slice(range.start, range.end)]).stream();
        return response.body ?? new Blob([]).stream();
      },
      stat: statOf,
      list() {
        throw unsupported();
      },
      delete: readOnly,
      [Symbol.asyncDispose]: async () => undefined,
    },
    hint: {
      get: async (o) => (await ask('hint', { cache: 'no-store' }, o))?.text(),
      set: readOnly,
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** How requests to the folder are sent. */
export interface HttpFolderOptions {
  /** Sends the requests, with credentials or through a proxy. Default the global `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

const READ_AHEAD = 8;
/** Four levels of a thousand. */
const MAX_SEQ = 1000 ** 4 - 1;

/** `log/000/000/001/234` for commit 1234. */
function commitPath(seq: number): string {
  return `log/${String(seq)
    .padStart(12, '0')
    .replace(/(...)(?=.)/g, '$1/')}`;
}

function blobPath(digest: Digest): string {
  const hex = hexOf(parseDigest(digest));
  return `blobs/sha256/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${hex.slice(4)}`;
}
