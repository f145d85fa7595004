import type { OrtSession, OrtTensor } from './ort.js';

export type HostRequest =
  | LoadRequest
  | { readonly kind: 'run'; readonly feeds: Readonly<Record<string, OrtTensor>> }
  | { readonly kind: 'close' };

export type HostReply =
  | { readonly kind: 'loaded'; readonly outputMetadata: OrtSession['outputMetadata'] }
  | { readonly kind: 'ran'; readonly outputs: Readonly<Record<string, OrtTensor>> };

export interface LoadRequest {
  readonly kind: 'load';
  readonly model: Uint8Array;
  /** Weights outside of the model, by the names that it gives them. */
  readonly sideFiles: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly options: object;
  /** Bytes of the model and of each side file, where they come through `WEIGHTS_FD` and not with the message. */
  readonly sizes?: readonly number[];
}

/** Of a child process: the pipe that the weights come through, as they are. */
export const WEIGHTS_FD = 4;

/**
 * What a worker or child process runs: load one session, run it, release it and end. JavaScript in a text, because a
 * file beside this one has another name and place in the sources, in the package and in a bundle. It handles one
 * message at a time, so `close` waits for the run before it.
 */
export const HOST_SOURCE = `
'use strict';
const { createReadStream } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const ort = require(parentPort ? workerData : process.argv[1]);
ort.env.logLevel = 'fatal';
const send = parentPort ? (m, t) => parentPort.postMessage(m, t) : (m) => process.send(m);
let session;
let last = Promise.resolve();

async function received(sizes) {
  const files = sizes.map((size) => Buffer.allocUnsafeSlow(size));
  let [file, at] = [0, 0];
  for await (let part of createReadStream('', { fd: ${WEIGHTS_FD}, highWaterMark: 2 ** 20 })) {
    while (part.length > 0) {
      const taken = part.copy(files[file], at);
      part = part.subarray(taken);
      at += taken;
      if (at === files[file].length) [file, at] = [file + 1, 0];
    }
  }
  return files;
}

async function load({ model, sideFiles, options, sizes }) {
  const [whole, ...rest] = sizes ? await received(sizes) : [model, ...sideFiles.map(({ data }) => data)];
  const externalData = sideFiles.map(({ path }, i) => ({ path, data: rest[i] }));
  session = await ort.InferenceSession.create(whole, externalData.length > 0 ? { ...options, externalData } : options);
  const outputMetadata = session.outputMetadata.map(({ name, isTensor, shape }) => ({ name, isTensor, shape }));
  return { reply: { kind: 'loaded', outputMetadata }, transfer: [] };
}

async function run({ feeds }) {
  const native = Object.create(null);
  for (const name of Object.keys(feeds)) native[name] = new ort.Tensor(feeds[name].type, feeds[name].data, feeds[name].dims);
  const answer = await session.run(native);
  const outputs = Object.create(null);
  const transfer = [];
  for (const name of Object.keys(answer)) {
    const { type, dims, data } = answer[name];
    outputs[name] = { type, dims, data };
    if (ArrayBuffer.isView(data)) transfer.push(data.buffer);
  }
  return { reply: { kind: 'ran', outputs }, transfer };
}

async function close() {
  await session?.release();
  if (parentPort) parentPort.close();
  else process.disconnect();
}

async function handle({ id, request }) {
  if (request.kind === 'close') return close();
  try {
    const { reply, transfer } = await (request.kind === 'load' ? load(request) : run(request));
    send({ id, reply }, transfer);
  } catch (error) {
    send({ id, error: String(error?.message ?? error) });
  }
}

(parentPort ?? process).on('message', (message) => {
  last = last.then(() => handle(message));
});
`;
