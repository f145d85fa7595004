import { isMillwrightError } from '@millwright/core';
import { type OpenInWorkerOptions, openInWorker } from '@millwright/serving/browser';
import { expect, test } from 'vitest';

const wasmPaths = `${location.origin}/node_modules/onnxruntime-web/dist/`;
const workers: Worker[] = [];
const start = () => {
  const worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  return worker;
};
const open = (path: string, options: OpenInWorkerOptions) =>
  openInWorker<{ x: number[] }, { score: number }>(start, `https://models.test/${path}/champion.json`, {
    wasmPaths,
    ...options,
  });
const score = (a: number, b: number) => 1 / (1 + Math.exp(-(a - 2 * b + 0.5)));

test('a model in a worker answers, says what runs it, and tells how far it is', { timeout: 60_000 }, async () => {
  const phases = new Set<string>();
  await using model = await open('flight', { prefer: ['wasm'], onProgress: ({ phase }) => phases.add(phase) });
  expect(model.id).toBe('flight@1');
  expect(model.facts).toMatchObject({ executionProvider: 'wasm' });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => model.predict({ x: [i / 10, 1] })));
  for (const [i, answer] of answers.entries()) expect(answer.score).toBeCloseTo(score(i / 10, 1), 5);
  expect(phases).toContain('load');
  await expect(model.predict({ x: ['a', {}] } as never)).rejects.toMatchObject({ code: expect.any(String) });
  await expect(model.goBack()).rejects.toMatchObject({ code: 'state/not-found' });
  const stop = new AbortController();
  const aborted = model.predict({ x: [1, 1] }, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
});

test('a tampered model never becomes a session', { timeout: 60_000 }, async () => {
  const error = await open('tampered', { prefer: ['wasm'] }).catch((e) => e);
  expect(isMillwrightError(error, 'artifact/mismatch')).toBe(true);
});

test('a worker that crashes is replaced, and what was asked is answered', { timeout: 60_000 }, async () => {
  const restarts: string[] = [];
  await using model = await open('flight', { prefer: ['wasm'], onRestart: (reason) => restarts.push(reason) });
  const asked = [1, 2, 3].map((i) => model.predict({ x: [i, 1] }));
  workers.at(-1)!.postMessage('crash');
  const late = [4, 5].map((i) => model.predict({ x: [i, 1] }));
  for (const [i, answer] of (await Promise.all([...asked, ...late])).entries())
    expect(answer.score).toBeCloseTo(score(i + 1, 1), 5);
  await expect.poll(() => restarts.length, { timeout: 20_000 }).toBe(1);
  expect((await model.predict({ x: [0, 0] })).score).toBeCloseTo(score(0, 0), 5);
});

test('workers that keep being lost are given up', { timeout: 60_000 }, async () => {
  const restarts: string[] = [];
  const crash = () => workers.at(-1)!.postMessage('crash');
  await using model = await open('flight', {
    prefer: ['wasm'],
    onRestart(reason) {
      restarts.push(reason);
      setTimeout(crash);
    },
  });
  crash();
  await expect.poll(() => restarts.length, { timeout: 20_000 }).toBe(3);
  await expect(model.predict({ x: [1, 1] })).rejects.toMatchObject({ code: 'serving/engine-crashed' });
  expect(restarts).toHaveLength(3);
});

test('a GPU that is lost comes back with a new worker', { timeout: 120_000 }, async () => {
  const restarts: string[] = [];
  await using model = await open('flight', {
    require: 'webgpu',
    maxBatch: 2,
    deadlineMs: 60_000,
    onRestart: (reason) => restarts.push(reason),
  });
  expect(model.facts.executionProvider).toBe('webgpu');
  expect((await model.predict({ x: [1, 1] })).score).toBeCloseTo(score(1, 1), 4);
  workers.at(-1)!.postMessage('lose the GPU');
  await expect.poll(() => restarts.length, { timeout: 20_000 }).toBe(1);
  expect((await model.predict({ x: [2, 1] })).score).toBeCloseTo(score(2, 1), 4);
  expect(model.facts.executionProvider).toBe('webgpu');
});
