import { describeModel, serveInWorker, type WorkerScope } from '@millwright/serving/browser';
import * as ort from 'onnxruntime-web/webgpu';
import { logistic, resolvedModel } from '../support/models.js';

/** A worker with a model server of its own, and a way to lose its GPU or itself. */
const scope = self as WorkerScope;

serveInWorker(scope, {
  ort,
  fetch: async (url) => {
    const path = new URL(String(url)).pathname;
    const tampered = path.includes('tampered');
    const bytes = logistic([1, -2], tampered ? 0.25 : 0.5);
    if (path.endsWith('champion.json')) return Response.json(await describeModel(resolvedModel('flight@1', bytes)));
    if (tampered) bytes[20]! ^= 1;
    return new Response(new Uint8Array(bytes));
  },
});

scope.addEventListener('message', async ({ data }) => {
  if (data === 'lose the GPU') (await (ort.env.webgpu as { device: Promise<GPULike> }).device).destroy();
  if (data === 'crash')
    setTimeout(() => {
      throw new Error('crashed');
    });
});

interface GPULike {
  destroy(): void;
}
