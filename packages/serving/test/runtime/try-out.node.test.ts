import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx } from '@millwright/serving';
import { afterAll, expect, test } from 'vitest';
import { hostedOrt } from '../../src/runtime/onnx/hosted.node.js';
import type { OrtSession } from '../../src/runtime/onnx/ort.js';
import { artifactOf, logistic } from '../support/models.js';

const folder = mkdtempSync(join(tmpdir(), 'millwright-ort-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A stand-in for onnxruntime whose first run fails as if the device were gone, and whose next process works. */
function fakeOrt(name: string, body: string): string {
  const path = join(folder, `${name}.cjs`);
  writeFileSync(
    path,
    `const fs = require('node:fs');
     const log = ${JSON.stringify(join(folder, `${name}.log`))};
     const run = async (feeds) => { ${body} };
     const create = async () => { fs.appendFileSync(log, 'create ' + process.pid + '\\n'); return { outputMetadata: [], run, release: async () => {} }; };
     module.exports = { env: {}, Tensor: class { constructor(type, data, dims) { Object.assign(this, { type, data, dims }); } }, InferenceSession: { create } };`,
  );
  return path;
}
const creations = (name: string) =>
  readFileSync(join(folder, `${name}.log`), 'utf8')
    .trim()
    .split('\n');
const x = { type: 'float32', dims: [1], data: Float32Array.of(1) };

test('a process whose device is lost is replaced; the run fails as a crash does', async () => {
  const flag = JSON.stringify(join(folder, 'lost'));
  const ort = fakeOrt(
    'lost',
    `if (!fs.existsSync(${flag})) { fs.writeFileSync(${flag}, ''); throw new Error('WebGPU device is lost'); } return feeds;`,
  );
  const session = (await hostedOrt('process', 1, { ort }).InferenceSession.create(new Uint8Array())) as OrtSession;
  await expect(session.run({ x })).rejects.toMatchObject({ code: 'serving/engine-crashed' });
  expect((await session.run({ x }))['x']?.data).toEqual(x.data);
  expect(new Set(creations('lost')).size).toBe(2);
  await session.release();
});

test('an error of the model is none of the device: the process stays', async () => {
  const ort = fakeOrt('model', `throw new Error('Invalid dimension');`);
  const session = (await hostedOrt('process', 1, { ort }).InferenceSession.create(new Uint8Array())) as OrtSession;
  for (let i = 0; i < 2; i++) await expect(session.run({ x })).rejects.toMatchObject({ code: 'serving/model-failed' });
  expect(creations('model')).toHaveLength(1);
  await session.release();
});

test('a provider that hangs while loading is given up', async () => {
  const path = join(folder, 'hangs.cjs');
  writeFileSync(
    path,
    `module.exports = { env: {}, InferenceSession: { create: () => new Promise(() => setInterval(() => {}, 1e6)) } };`,
  );
  const ort = hostedOrt('process', 1, { ort: path, loadMs: 300 });
  await expect(ort.InferenceSession.create(new Uint8Array())).rejects.toThrow('No session within 300 ms');
});

test.skipIf(
  process.platform !== 'linux' || process.arch !== 'x64' || existsSync('/usr/lib/x86_64-linux-gnu/libcuda.so.1'),
)('CUDA that is not installed is refused with what to install, by probe and by load, and CPU takes over', async () => {
  const providers = await onnx().probe();
  const named = (name: string) => providers.find((each) => each.name === name);
  expect(named('cpu')).toEqual({ name: 'cpu', available: true, reason: undefined });
  expect(named('cuda')).toMatchObject({ available: false, reason: expect.stringMatching(/CUDA 12/) });
  const artifact = artifactOf({ 'm.onnx': logistic([1], 0) });
  await using model = await onnx({ prefer: ['cuda', 'cpu'] }).load(artifact);
  expect(model.facts.executionProvider).toBe('cpu');
  expect(model.facts.refused).toEqual([{ provider: 'cuda', reason: named('cuda')!.reason }]);
  await expect(onnx({ require: 'cuda' }).load(artifact)).rejects.toMatchObject({ code: 'serving/no-provider' });
});
