import { type Digest, hexOf, MillwrightError, parseDigest } from '@millwright/core';
import { type BlobStore, checkedChunks, clampRange, collect, streamOf } from '@millwright/core/storage';
import { bytesIn, type PostgresTables, type Row } from './tables.js';

/** Blobs of bounded size, a row each. */
export function postgresBlobs(tables: PostgresTables, maxBytes: number): BlobStore {
  const { store, place, blobs, query, run } = tables;
  const keyOf = (digest: Digest, name?: string) => hexOf(parseDigest(digest, name));

  async function statOf(digest: Digest, signal: AbortSignal | undefined) {
    const text = `select digest, size, ${MILLISECONDS} from ${blobs} where place = $1 and digest = $2`;
    const [row] = await query(text, [place, keyOf(digest)], { signal });
    return row && toStat(row);
  }

  /** Part by part, so that neither side holds a blob as a whole. */
  async function* parts(digest: Digest, start: number, end: number, signal: AbortSignal | undefined) {
    const text = `select substring(bytes from $3::int for $4::int) as part from ${blobs} where place = $1 and digest = $2`;
    for (let at = start; at < end; at += PART) {
      const values = [place, keyOf(digest), at + 1, Math.min(PART, end - at)];
      const [row] = await run('read a blob', { signal }, () => query(text, values, { signal }));
      yield bytesIn(row, 'part');
    }
  }

  return {
    id: store,
    put: (digest, body, { size, signal }) =>
      run('store a blob', { signal }, async () => {
        const hex = keyOf(digest);
        if (size > maxBytes)
          throw new MillwrightError(
            'input/too-large',
            `Expected a blob of at most ${maxBytes} bytes, got ${size}. Keep large files in a folder or in S3.`,
            { details: { name: 'size', limit: maxBytes, received: size } },
          );
        if ((await statOf(digest, signal))?.size === size) {
          if (body instanceof ReadableStream) await body.cancel();
          return 'exists';
        }
        const bytes = await collect(checkedChunks(body, { digest, size, signal }));
        const text = `insert into ${blobs} (place, digest, size, bytes) values ($1, $2, $3, $4)
          on conflict do nothing returning size`;
        return (await query(text, [place, hex, size, bytes], { signal })).length === 1 ? 'created' : 'exists';
      }),
    get: (digest, options) =>
      run('read a blob', options, async () => {
        clampRange(options?.range, 0);
        const found = await statOf(digest, options?.signal);
        if (found === undefined) return undefined;
        const { start, end } = clampRange(options?.range, found.size);
        return streamOf(parts(digest, start, end, options?.signal));
      }),
    stat: (digest, options) => run('look at a blob', options, () => statOf(digest, options?.signal)),
    async *list(options) {
      let after = options?.after === undefined ? '' : keyOf(options.after, 'after');
      const text = `select digest, size, ${MILLISECONDS} from ${blobs} where place = $1 and digest > $2 order by digest limit ${PAGE}`;
      for (;;) {
        const rows = await run('list blobs', options, () => query(text, [place, after], options));
        for (const row of rows) {
          options?.signal?.throwIfAborted();
          yield toStat(row);
        }
        if (rows.length < PAGE) return;
        after = String(rows.at(-1)!['digest']);
      }
    },
    delete: (digest, options) =>
      run('delete a blob', options, async () => {
        const text = `delete from ${blobs} where place = $1 and digest = $2 returning size`;
        return (await query(text, [place, keyOf(digest)], options)).length === 1;
      }),
    async [Symbol.asyncDispose]() {
      tables.close();
    },
  };
}

const MILLISECONDS = `floor(extract(epoch from stored_at) * 1000)::bigint as stored_at`;
const PAGE = 1_000;
/** Bytes per statement while a blob is read. */
const PART = 2 ** 20;

function toStat(row: Row) {
  return {
    digest: parseDigest(`sha256:${row['digest']}`),
    size: Number(row['size']),
    storedAt: Number(row['stored_at']),
  };
}
