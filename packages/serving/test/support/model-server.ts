import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResolvedModel } from '@millwright/core';
import { describeModel } from '@millwright/serving/browser';
import { build } from 'esbuild';

/** A web server on this machine: a page, its worker, onnxruntime's files, and one model with its description. */
export interface ModelServer extends AsyncDisposable {
  readonly origin: string;
  /** Ranges of the model that were asked for, and how much was sent of all together. */
  readonly asked: readonly string[];
  readonly sent: number;
  /** From now on, the byte at this place is another one. */
  tamper(at: number | undefined): void;
}

const PIECE = 65_536;

export async function modelServer(
  model: ResolvedModel,
  entries: Readonly<Record<string, string>>,
): Promise<ModelServer> {
  const scripts = await bundle(entries);
  const description = JSON.stringify(await describeModel(model));
  const bytes = await model.artifact.bytes('model.onnx');
  const asked: string[] = [];
  let sent = 0;
  let tampered: number | undefined;

  function* from(start: number, end: number): Generator<Uint8Array> {
    for (let at = start; at < end; at += PIECE) {
      let piece = bytes.subarray(at, Math.min(end, at + PIECE));
      if (tampered !== undefined && tampered >= at && tampered < at + piece.length) {
        piece = piece.slice();
        piece[tampered - at]! ^= 1;
      }
      sent += piece.length;
      yield piece;
    }
  }

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const send = (type: string, body: string) => void response.writeHead(200, { 'content-type': type }).end(body);
    if (pathname === '/') send('text/html', '<!doctype html><script type="module" src="/page.js"></script>');
    else if (pathname === '/model/champion.json') send('application/json', description);
    else if (pathname === '/model/model.onnx') void sendModel(request, response);
    else if (pathname.startsWith('/ort/')) sendFile(join(ORT, pathname.slice('/ort/'.length)), response);
    else if (scripts.has(pathname)) send('text/javascript', scripts.get(pathname)!);
    else response.writeHead(404).end();
  });

  async function sendModel(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const [start, end] = [Number(range?.[1] ?? 0), Number(range?.[2] || bytes.length - 1) + 1];
    asked.push(request.headers.range ?? 'all');
    response.writeHead(range === null ? 200 : 206, { 'content-length': end - start });
    // Who leaves early is no failure.
    await pipeline(Readable.from(from(start, end)), response).catch(() => undefined);
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get sent() {
      return sent;
    },
    tamper(at) {
      tampered = at;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function bundle(entries: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { ...entries },
    bundle: true,
    format: 'esm',
    outdir: '/',
    write: false,
    conditions: ['@millwright/source', 'browser'],
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

const ORT = resolve(import.meta.dirname, '../../../../node_modules/onnxruntime-web/dist');

function sendFile(path: string, response: ServerResponse): void {
  response.setHeader('content-type', path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript');
  createReadStream(path).pipe(response);
}
