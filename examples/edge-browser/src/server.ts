import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { openArtifact, putArtifact } from '@millwright/core/artifact';
import { memoryBlobs } from '@millwright/core/storage';
import { describeModel } from '@millwright/serving/browser';
import { build } from 'esbuild';

const home = resolve(import.meta.dirname, '..');
const ort = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
  json: 'application/json',
  onnx: 'application/octet-stream',
};

/** Serves the page on this machine. Port 0 takes a free one. */
export async function startServer(port = 0): Promise<AsyncDisposable & { readonly origin: string }> {
  const scripts = await bundle();
  const description = JSON.stringify(await describe());
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    // With these two headers a page may use WebAssembly threads.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    if (path === '/model/champion.json') send(response, 'json', description);
    else if (scripts.has(path)) send(response, 'js', scripts.get(path)!);
    else sendFile(response, fileOf(path));
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** What a registry would publish: the artifact's manifest, and whose digests its pieces have. */
async function describe() {
  const blobs = memoryBlobs();
  const bytes = new Uint8Array(await readFile(join(home, 'model/model.onnx')));
  const { digest } = await putArtifact(blobs, { 'model.onnx': bytes });
  return await describeModel({
    id: 'perceptron@1',
    digest,
    artifact: await openArtifact(blobs, digest),
    contract: undefined,
  });
}

async function bundle(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [join(home, 'src/page.ts'), join(home, 'src/model-worker.ts')],
    bundle: true,
    format: 'esm',
    outdir: '/',
    write: false,
    conditions: ['@millwright/source', 'browser'],
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** The few files that are served; a name without a folder cannot leave its folder. */
function fileOf(path: string): string | undefined {
  if (path === '/') return join(home, 'index.html');
  const [, folder, name] = /^\/(model|ort)\/([\w.-]+)$/.exec(path) ?? [];
  return name && join(folder === 'ort' ? ort : join(home, 'model'), name);
}

function sendFile(response: ServerResponse, file: string | undefined): void {
  if (file === undefined) return void response.writeHead(404).end();
  const type = TYPES[file.slice(file.lastIndexOf('.') + 1)];
  if (type !== undefined) response.setHeader('content-type', type);
  createReadStream(file)
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
}

function send(response: ServerResponse, type: string, body: string): void {
  response.setHeader('content-type', TYPES[type]!).end(body);
}
