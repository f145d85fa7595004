import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { calibrate, MAX_BATCH, type Predict, scheme, WIDTHS } from './schemes.js';

/**
 * Serves one generator with one scheme: `server.ts scheme socket deadlineMs`. Prints what raw onnxruntime can do in this
 * very process when it is ready and warm, and in the end what became of the requests.
 */
const [name, path, deadlineMs] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])];
const row = Float32Array.from({ length: WIDTHS[0]! }, (_, i) => (i % 17) / 17);
const calibration = await calibrate(row);
const predict = await scheme(name);
await warm(predict);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const delay = monitorEventLoopDelay({ resolution: 1 });
const latencies: number[] = [];
const counts = { asked: 0, refused: 0, open: 0 };

/** Half a second of full batches and half a second of requests one by one: code that is not compiled yet says nothing about a service. */
async function warm(predict: Predict): Promise<void> {
  for (const concurrent of [MAX_BATCH, 1]) {
    const until = Date.now() + 500;
    while (Date.now() < until)
      await Promise.allSettled(Array.from({ length: concurrent }, () => predict(row, Date.now() + 1_000)));
  }
}

function ask(dueAt: number): void {
  counts.asked++;
  counts.open++;
  predict(row, Date.now() + dueAt + deadlineMs - now()).then(
    () => {
      const latencyMs = now() - dueAt;
      latencies.push(latencyMs);
      counts.open--;
      if (latencyMs > COLLAPSED_MS) report(0);
    },
    () => {
      counts.refused++;
      counts.open--;
    },
  );
}

const server = createServer((socket) => {
  delay.enable();
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    const all = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let at = 0;
    for (; at + 8 <= all.length; at += 8) ask(all.readDoubleLE(at));
    rest = all.subarray(at);
  });
  socket.on('end', () => {
    delay.disable();
    report(now() + PATIENCE_MS);
  });
});
server.listen(path, () => process.stdout.write(`${JSON.stringify(calibration)}\n`));

/** What has not come a second after the last request is late anyway. */
const PATIENCE_MS = 1_000;
/** A scheme that is this late has collapsed, and would go on for minutes. */
const COLLAPSED_MS = 5_000;

function report(until: number): void {
  if (counts.open > 0 && now() < until) return void setTimeout(report, 5, until);
  latencies.sort((a, b) => a - b);
  const answered = counts.asked - counts.refused;
  const at = (p: number) => latencies[Math.floor(answered * p)] ?? Number.POSITIVE_INFINITY;
  const onTime = latencies.filter((ms) => ms <= deadlineMs).length;
  const result = {
    ...calibration,
    asked: counts.asked,
    onTime,
    refused: counts.refused,
    p50: at(0.5),
    p99: at(0.99),
    stallMs: delay.max / 1e6,
  };
  // No waiting for what is still queued.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
