import { CHUNK_BYTES } from '@millwright/core/artifact';
import { type DownloadProgress, openInWorker, parseDescription } from '@millwright/serving/browser';
import { piecesOf } from '../../src/browser/description.js';
import { digestOf, download } from '../../src/browser/download.js';

/** What the test asks the page: open the model in a worker, and say how that went. */
export interface Visit {
  readonly error: string | undefined;
  readonly answer: unknown;
  /** Milliseconds and megabytes per second from the first to the last verified piece. */
  readonly mbPerSecond: number;
  readonly phases: readonly string[];
  readonly longestTaskMs: number;
}

declare global {
  var visit: () => Promise<Visit>;
  var verified: number;
  /** Megabytes per second of a download that nobody verifies or keeps, of one that is verified as it comes, and of verifying alone. */
  var bounds: () => Promise<{ readonly fetched: number; readonly streamed: number; readonly verified: number }>;
}

let longestTaskMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration);
}).observe({ type: 'longtask', buffered: true });

globalThis.verified = 0;
globalThis.visit = async () => {
  const phases = new Set<string>();
  const times: number[] = [];
  let total = 0;
  const onProgress = (progress: DownloadProgress) => {
    phases.add(progress.phase);
    if (progress.phase === 'load') return;
    globalThis.verified = progress.done;
    total = progress.total;
    times.push(performance.now());
  };
  const start = () => new Worker('/worker.js', { type: 'module' });
  const facts = () => ({
    mbPerSecond: total / 1e3 / (times.at(-1)! - times[0]!),
    phases: [...phases].sort(),
    longestTaskMs,
  });
  try {
    const model = await openInWorker<{ x: number[] }, { y: number[] }>(start, '/model/champion.json', {
      prefer: ['wasm'],
      wasmPaths: `${location.origin}/ort/`,
      maxBatch: 1,
      deadlineMs: 60_000,
      onProgress,
    });
    const answer = await model.predict({ x: Array.from({ length: 256 }, (_, i) => i / 256) });
    await model.close();
    return { error: undefined, answer, ...facts() };
  } catch (error) {
    return { error: (error as { code?: string }).code ?? String(error), answer: undefined, ...facts() };
  }
};

globalThis.bounds = async () => {
  const rate = (bytes: number, since: number) => bytes / 1e3 / (performance.now() - since);
  const startedAt = performance.now();
  const bytes = new Uint8Array(await (await fetch('/model/model.onnx', { cache: 'no-store' })).arrayBuffer());
  const fetched = rate(bytes.length, startedAt);
  const verifiedFrom = performance.now();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) await digestOf(bytes.subarray(at, at + CHUNK_BYTES));
  const verified = rate(bytes.length, verifiedFrom);
  const description = parseDescription(await (await fetch('/model/champion.json')).json());
  const file = description.manifest.files[0]!;
  const streamedFrom = performance.now();
  await download(new URL('/model/model.onnx', location.href), file, piecesOf(description, file), {
    fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }),
  });
  return { fetched, verified, streamed: rate(bytes.length, streamedFrom) };
};
