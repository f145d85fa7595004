import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** How a store that speaks S3 can differ from Amazon's. */
export interface Habits {
  /** What it does with If-None-Match and If-Match: keeps them, reads over them, or answers 501. */
  conditions: 'kept' | 'ignored' | 'refused';
  /** The status that says that a key is taken. Amazon: 412. */
  taken: 412 | 304;
  /** So many conditional writes are answered with 409 and not made. */
  conflicts: number;
  /** So many reads lose their connection after half of the bytes. */
  cuts: number;
}

/** S3 in memory over HTTP: objects, conditions, ranges, lists and uploads in parts, with the habits of other stores. */
export interface FakeS3 {
  readonly endpoint: string;
  readonly habits: Habits;
  readonly objects: Map<string, Uint8Array>;
  /** Methods and paths of all requests, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function startFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Uint8Array>();
  const uploads = new Map<string, Map<number, Uint8Array>>();
  const habits: Habits = { conditions: 'kept', taken: 412, conflicts: 0, cuts: 0 };
  const requests: string[] = [];

  function answer(request: IncomingMessage, body: Uint8Array, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const query = url.searchParams;
    const stored = objects.get(key);
    requests.push(`${request.method} ${key}${url.search}`);
    const reply = (status: number, content: string | Uint8Array = '', headers: Record<string, string> = {}) =>
      response.writeHead(status, headers).end(content);
    const refuse = (status: number, code: string) => reply(status, `<Error><Code>${code}</Code></Error>`);

    if (request.method === 'PUT' && query.has('partNumber')) {
      uploads.get(query.get('uploadId') ?? '')?.set(Number(query.get('partNumber')), body);
      return void reply(200, '', { etag: etag(body) });
    }
    if (request.method === 'PUT') {
      const create = request.headers['if-none-match'] === '*';
      const match = request.headers['if-match'];
      if ((create || match !== undefined) && habits.conditions === 'refused') return void refuse(501, 'NotImplemented');
      if (habits.conditions === 'kept') {
        if (create && habits.conflicts-- > 0) return void refuse(409, 'ConditionalRequestConflict');
        if (create && stored !== undefined) return void refuse(habits.taken, 'PreconditionFailed');
        if (match !== undefined && (stored === undefined || etag(stored) !== match))
          return void refuse(412, 'PreconditionFailed');
      }
      objects.set(key, body);
      return void reply(200, '', { etag: etag(body) });
    }
    if (request.method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, new Map());
      return void reply(
        200,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (request.method === 'POST') {
      const parts = [...(uploads.get(query.get('uploadId') ?? '') ?? [])].sort(([a], [b]) => a - b);
      objects.set(key, Buffer.concat(parts.map(([, part]) => part)));
      uploads.delete(query.get('uploadId') ?? '');
      return void reply(200, '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>');
    }
    if (request.method === 'DELETE') {
      if (query.has('uploadId')) uploads.delete(query.get('uploadId') ?? '');
      else objects.delete(key);
      return void reply(204);
    }
    if (query.has('list-type')) return void reply(200, listing(objects, query));
    if (stored === undefined) return void refuse(404, 'NoSuchKey');
    const headers = { etag: etag(stored), 'last-modified': new Date(1_750_000_000_000).toUTCString() };
    if (request.method === 'HEAD') return void reply(200, '', { ...headers, 'content-length': `${stored.byteLength}` });
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
    const [start, end] = range === null ? [0] : [Number(range[1]), range[2] === '' ? undefined : Number(range[2]) + 1];
    if (start > 0 && start >= stored.byteLength) return void refuse(416, 'InvalidRange');
    const wanted = stored.subarray(start, end);
    if (habits.cuts-- <= 0) return void reply(range === null ? 200 : 206, wanted, headers);
    response.writeHead(range === null ? 200 : 206, { ...headers, 'content-length': `${wanted.byteLength}` });
    response.flushHeaders();
    response.write(wanted.subarray(0, wanted.byteLength / 2), () => setImmediate(() => response.destroy()));
  }

  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    answer(request, Buffer.concat(chunks), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    habits,
    objects,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function etag(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function listing(objects: ReadonlyMap<string, Uint8Array>, query: URLSearchParams): string {
  const [prefix = '', after = ''] = [query.get('prefix') ?? '', query.get('start-after') ?? ''];
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const limit = Math.min(1_000, Number(query.get('max-keys') ?? 1_000));
  const items = keys.slice(0, limit).map((key) => {
    const size = objects.get(key)!.byteLength;
    return `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`;
  });
  return `<ListBucketResult><IsTruncated>${keys.length > limit}</IsTruncated>${items.join('')}</ListBucketResult>`;
}
