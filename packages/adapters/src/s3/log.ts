import { invalidInput } from '@millwright/core';
import {
  type AppendOutcome,
  checkCommit,
  checkFrom,
  collect,
  type LogHead,
  type LogStore,
  MAX_COMMIT_BYTES,
  type StoredCommit,
} from '@millwright/core/storage';
import { corrupt, decodeCommit, decodeHeader, encodeCommit, MAX_HEADER_BYTES } from '../commit-frame.js';
import { probeConditions } from './probe.js';
import { failed, type S3Requests, statusOf } from './requests.js';

/** A log of one object per commit, `log/000000001234`, created under `If-None-Match: *`. */
export function s3Log(requests: S3Requests): LogStore {
  const { store, repeating, run } = requests;
  let known: LogHead | undefined;
  let probing: Promise<void> | undefined;

  async function append(commit: StoredCommit, signal: AbortSignal | undefined): Promise<AppendOutcome> {
    const body = encodeCommit(commit);
    await proved();
    signal?.throwIfAborted();
    // A writer that goes on from its own last commit asks nothing first.
    if (known?.seq !== commit.seq - 1) await findHead(signal);
    const last = known?.seq ?? 0;
    if (commit.seq <= last) return { kind: 'conflict', head: known! };
    if (commit.seq !== last + 1) throw invalidInput('seq', `${last + 1}, directly after the head`, commit.seq);

    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        await requests.put(keyOf(commit.seq), body, { ifNoneMatch: '*', signal });
        known = { seq: commit.seq, commitId: commit.commitId };
        return { kind: 'committed' };
      } catch (error) {
        const status = statusOf(error);
        // 412, in some stores 304: the key is taken.
        if (status === 412 || status === 304) return { kind: 'conflict', head: await headFrom(commit.seq) };
        // 409: two conditional writes met and this one was not made.
        if (status === 409 && attempt < 3) continue;
        if (status === undefined || status === 409 || status === 429 || status >= 500)
          return { kind: 'unknown', cause: failed(store, 'append a commit', error) };
        throw error;
      }
    }
  }

  /** Once per log; a proof that could not be made is tried again at the next append. */
  async function proved(): Promise<void> {
    probing ??= probeConditions(requests);
    await probing.catch((error: unknown) => {
      probing = undefined;
      throw error;
    });
  }

  /** The head, when the place `seq` is known to be taken. */
  async function headFrom(seq: number): Promise<LogHead> {
    const head = await findHead(undefined);
    if (head === undefined || head.seq < seq) throw corrupt(seq, 'the place is taken, and nothing can be read there');
    return head;
  }

  /** By listing after the last known commit; without one, first by doubling and halving over all numbers. */
  async function findHead(signal: AbortSignal | undefined): Promise<LogHead | undefined> {
    let seq = known?.seq ?? (await estimate(signal));
    for (let more = true; more; ) {
      const page = await listAfter(seq, PAGE, signal);
      seq = page.places.at(-1) ?? seq;
      more = page.more;
    }
    if (seq > 0 && known?.seq !== seq) {
      const frame = await object(seq, `bytes=0-${MAX_HEADER_BYTES - 1}`, signal);
      if (frame === undefined) throw corrupt(seq, 'its object has disappeared');
      known = decodeHeader(frame, seq);
    }
    return known;
  }

  /** A place at most a page before the head: whether anything lies after a place can be asked for any place. */
  async function estimate(signal: AbortSignal | undefined): Promise<number> {
    const firstAfter = async (seq: number) => (await listAfter(seq, 1, signal)).places[0];
    let low = 0;
    let step = PAGE;
    for (let next = await firstAfter(step); next !== undefined; next = await firstAfter(low + step)) {
      low = next;
      step *= 2;
    }
    for (step /= 2; step >= PAGE; step /= 2) low = (await firstAfter(low + step)) ?? low;
    return low;
  }

  /** The next places that are taken. Objects of other people between them are passed over. */
  async function listAfter(
    seq: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly places: readonly number[]; readonly more: boolean }> {
    for (let after = nameOf(seq); ; ) {
      const page = await repeating({ signal }, () => requests.list(FOLDER, { after, limit, signal }));
      const places = page.filter(({ name }) => NAME.test(name)).map(({ name }) => Number(name));
      const more = page.length === limit;
      if (places.length > 0 || !more) return { places, more };
      after = page.at(-1)!.name;
    }
  }

  async function object(
    seq: number,
    range: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    return repeating({ signal }, async () => {
      const body = await requests.get(keyOf(seq), { range, signal });
      return body === undefined ? undefined : collect(body === 'empty' ? new Uint8Array() : body);
    });
  }

  async function readCommit(seq: number, signal: AbortSignal | undefined): Promise<StoredCommit | undefined> {
    const frame = await object(seq, undefined, signal);
    return frame && decodeCommit(frame, seq);
  }

  return {
    id: store,
    capabilities: { durability: 'replicated', multiWriter: true, maxCommitBytes: MAX_COMMIT_BYTES },
    head: (options) => run('find the newest commit', options, () => findHead(options?.signal)),
    append: (commit, options) =>
      run('append a commit', options, async () => {
        checkCommit(commit, MAX_COMMIT_BYTES);
        return append(commit, options?.signal);
      }),
    async *read({ from, limit = Number.POSITIVE_INFINITY }, options) {
      checkFrom(from);
      const signal = options?.signal;
      const end = from + limit;
      for (let seq = from; seq < end; ) {
        const limit = Math.min(PAGE, end - seq);
        const { places } = await run('list commits', options, () => listAfter(seq - 1, limit, signal));
        if (places.length === 0) return;
        // A list is no snapshot: what it left out before its last place is there all the same, or lost.
        const last = Math.min(places.at(-1)!, end - 1);
        while (seq <= last) {
          const commits = Array.from({ length: Math.min(READ_AHEAD, last - seq + 1) }, (_, i) =>
            run('read a commit', options, () => readCommit(seq + i, signal)),
          );
          for (const settling of await Promise.allSettled(commits)) {
            if (settling.status === 'rejected') throw settling.reason;
            if (settling.value === undefined) throw corrupt(seq, 'its object is missing, and later ones exist');
            signal?.throwIfAborted();
            yield settling.value;
            seq++;
          }
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await requests.close();
    },
  };
}

const FOLDER = 'log/';
const NAME = /^[0-9]{12}$/;
/** Keys per list request; S3 gives no more. */
const PAGE = 1_000;
/** Requests at once; Node warns of a leak at the eleventh listener on one signal. */
const READ_AHEAD = 8;

function nameOf(seq: number): string {
  return String(seq).padStart(12, '0');
}

function keyOf(seq: number): string {
  return FOLDER + nameOf(seq);
}
