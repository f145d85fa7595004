import { openInWorker, type WorkerModel } from '@millwright/serving/browser';

/** Rows and what onnxruntime's CPU provider answers to them. */
interface Golden {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

type Model = WorkerModel<{ readonly x: readonly number[] }, { readonly y: readonly number[] }>;

const PREDICTIONS = 200;
const show = (id: string, text: string) => {
  document.getElementById(id)!.textContent = text;
};
const provider = document.querySelector<HTMLSelectElement>('#provider')!;
const progress = document.querySelector<HTMLProgressElement>('#progress')!;
const button = document.querySelector<HTMLButtonElement>('#open')!;
let model: Model | undefined;

button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    await open();
  } catch (error) {
    show('status', error instanceof Error ? error.message : String(error));
  }
  button.disabled = false;
});

async function open(): Promise<void> {
  show('status', 'opening');
  await model?.close();
  model = await openInWorker(() => new Worker('/model-worker.js', { type: 'module' }), '/model/champion.json', {
    prefer: provider.value === 'webgpu' ? ['webgpu', 'wasm'] : ['wasm'],
    wasmThreads: provider.value === 'threads' ? 2 : 1,
    wasmPaths: `${location.origin}/ort/`,
    onProgress({ phase, done, total }) {
      progress.value = done / total;
      show('status', `${phase} ${Math.round((100 * done) / total)} %`);
    },
    onRestart: (reason) => show('status', `started again: ${reason}`),
  });
  const { executionProvider, refused, loadMs } = model.facts;
  show('model', model.id);
  show('served', `${executionProvider}, loaded in ${loadMs.toFixed(0)} ms`);
  show('refused', refused.map((each) => `${each.provider}: ${each.reason}`).join('; ') || 'nothing');
  await measure(model);
  show('status', 'ready');
}

async function measure(open: Model): Promise<void> {
  const golden = (await (await fetch('/model/golden.json')).json()) as readonly Golden[];
  let largest = 0;
  for (const { x, y } of golden) {
    const answer = (await open.predict({ x })).y;
    largest = Math.max(largest, ...y.map((value, i) => Math.abs(value - answer[i]!) / Math.max(1, Math.abs(value))));
  }
  show('parity', `${golden.length} rows, largest difference ${largest.toExponential(1)}`);
  const times: number[] = [];
  for (let i = 0; i < PREDICTIONS; i++) {
    const startedAt = performance.now();
    await open.predict(golden[i % golden.length]!);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(part * times.length)]!.toFixed(2);
  show('latency', `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms over ${PREDICTIONS} predictions`);
}
