import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A plain server of static files, with ranges, as any web server is one; and the requests that it got. */
export async function serve(root: string, page = '<!doctype html><title>page</title>') {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url ?? '/'));
    asked.push(`${request.method} ${path}`);
    if (path === '/') return void response.setHeader('content-type', 'text/html').end(page);
    const file = join(root, path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return void response.writeHead(404).end();
    const range = /^bytes=([0-9]+)-([0-9]+)$/.exec(request.headers.range ?? '');
    const [start, end] = range === null ? [0, size - 1] : [Number(range[1]), Math.min(Number(range[2]), size - 1)];
    response.writeHead(range === null ? 200 : 206, { 'content-length': Math.max(0, end - start + 1) });
    if (request.method === 'HEAD' || size === 0) return void response.end();
    createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
