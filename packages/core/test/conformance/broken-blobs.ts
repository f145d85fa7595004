import { type Digest, digestBytes } from '../../src/index.js';
import { type BlobStore, collect } from '../../src/storage/index.js';

/** One mistake that a blob store can make. */
export interface BlobMistake {
  readonly mutate: (state: BlobState) => Partial<BlobStore>;
  /** A case that has to notice, by a part of its name. */
  readonly noticedBy: string;
}

/** The blobs of a place, and the operations of a store that does everything right. */
export interface BlobState {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly base: BlobStore;
}

const once = (bytes: Uint8Array) => new Response(bytes.slice()).body!;

export const BROKEN_BLOBS: Readonly<Record<string, BlobMistake>> = {
  'does not check what it stores': {
    noticedBy: 'one other byte',
    mutate: ({ blobs }) => ({
      async put(digest, body) {
        blobs.set(digest, await collect(body));
        return 'created';
      },
    }),
  },
  'checks after it has stored': {
    noticedBy: 'leaves nothing',
    mutate: ({ blobs, base }) => ({
      async put(digest, body, options) {
        const bytes = await collect(body);
        blobs.set(digest, bytes);
        return base.put(digest, bytes, options);
      },
    }),
  },
  'shows a blob while it is being written': {
    noticedBy: 'a reader never sees a part',
    mutate: ({ blobs, base }) => ({
      async put(digest, body, options) {
        if (!(body instanceof ReadableStream)) return base.put(digest, body, options);
        let all: Uint8Array = new Uint8Array();
        for await (const chunk of body) {
          all = new Uint8Array([...all.subarray(0, 100_000), ...chunk]);
          blobs.set(digest, all);
          await new Promise((resolve) => setTimeout(resolve));
        }
        return 'created';
      },
    }),
  },
  'checks the digest and not the size': {
    noticedBy: 'a smaller size',
    mutate: ({ base }) => ({
      async put(digest, body, options) {
        const bytes = await collect(body);
        return base.put(digest, bytes, { ...options, size: bytes.byteLength });
      },
    }),
  },
  'overwrites a good blob with a bad one of the same size': {
    noticedBy: 'a wrong body under a name that exists',
    mutate: ({ blobs, base }) => ({
      async put(digest, body, options) {
        if (!blobs.has(digest)) return base.put(digest, body, options);
        blobs.set(digest, await collect(body));
        return 'exists';
      },
    }),
  },
  'takes any text for a digest': {
    noticedBy: 'names no blob',
    mutate: ({ blobs }) => ({ stat: async (digest) => (blobs.has(digest) ? { digest, size: 0 } : undefined) }),
  },
  'counts the end of a range in': {
    noticedBy: 'the first byte',
    mutate: ({ blobs, base }) => ({
      async get(digest, options) {
        const bytes = blobs.get(digest);
        if (options?.range === undefined || bytes === undefined) return base.get(digest, options);
        return once(bytes.slice(options.range.start, options.range.end + 1));
      },
    }),
  },
  'fails where a range starts after the end, as HTTP does': {
    noticedBy: 'what starts after the end',
    mutate: ({ blobs, base }) => ({
      async get(digest, options) {
        if ((options?.range?.start ?? 0) > (blobs.get(digest)?.byteLength ?? 0)) throw new RangeError('416');
        return base.get(digest, options);
      },
    }),
  },
  'lists in the order of arrival': {
    noticedBy: 'in digest order',
    mutate: ({ blobs }) => ({
      async *list() {
        for (const [digest, bytes] of blobs) yield { digest, size: bytes.byteLength };
      },
    }),
  },
  'counts `after` in': {
    noticedBy: 'goes on after any digest',
    mutate: ({ blobs }) => ({
      async *list(options) {
        for (const digest of [...blobs.keys()].toSorted())
          if (digest >= (options?.after ?? '')) yield { digest, size: blobs.get(digest)!.byteLength };
      },
    }),
  },
  'lists one page of a thousand': {
    noticedBy: 'no page edge',
    mutate: ({ base }) => ({
      async *list(options) {
        let left = 1_000;
        for await (const one of base.list(options)) if (left-- > 0) yield one;
      },
    }),
  },
  'says that it has deleted what was never there': {
    noticedBy: 'an empty store has nothing',
    mutate: ({ base }) => ({
      async delete(digest, options) {
        await base.delete(digest, options);
        return true;
      },
    }),
  },
  'hands out its own array': {
    noticedBy: 'the reader may change the chunks',
    mutate: ({ blobs, base }) => ({
      async get(digest, options) {
        const bytes = blobs.get(digest);
        if (bytes === undefined || options?.range !== undefined) return base.get(digest, options);
        return new ReadableStream({
          start(controller) {
            if (bytes.byteLength > 0) controller.enqueue(bytes);
            controller.close();
          },
        });
      },
    }),
  },
  'waits for a body that stalls, whatever the signal says': {
    noticedBy: 'while the body stalls',
    mutate: ({ base }) => ({
      put: (digest, body, { size }) => base.put(digest, body, { size }),
    }),
  },
  'reads a body to its end before it looks at the size': {
    noticedBy: 'an endless body is cut off',
    mutate: ({ base }) => ({
      put: async (digest, body, options) => base.put(digest, await collect(body), options),
    }),
  },
  'takes the first eight digits for the whole digest': {
    noticedBy: 'deleting one leaves the others',
    mutate: ({ blobs }) => ({
      async delete(digest) {
        const found = [...blobs.keys()].filter((one) => one.startsWith(digest.slice(0, 7)));
        for (const one of found) blobs.delete(one);
        return found.includes(digest) && digestBytes(new Uint8Array()) !== digest;
      },
    }),
  },
};
