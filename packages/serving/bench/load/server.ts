import { createServer, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Calibration, calibrate, MAX_BATCH, type Predict, scheme, session, WIDTHS } from './schemes.js';

/**
 * Serves one generator with one scheme: `server.ts scheme socket deadlineMs phases`. Before and after each phase it
 * measures what raw onnxruntime can do in this very process beside the generator, which sends its share of what was there
 * before. Prints when it listens, and in the end what became of the requests.
 */
const [name, path, deadlineMs, phases] = [
  process.argv[2]!,
  process.argv[3]!,
  Number(process.argv[4]),
  Number(process.argv[5]),
];
/** What has not come a second after the last request is late anyway. */
const PATIENCE_MS = 1_000;
/** A scheme that is this late has collapsed, and would go on for minutes. */
const COLLAPSED_MS = 5_000;

const row = Float32Array.from({ length: WIDTHS[0]! }, (_, i) => (i % 17) / 17);
const run = await session();
const predict = await scheme(name);
/** The generator's clock, read in a way that costs less: requests must not pay for being measured. */
const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const now = () => performance.now() + offset;
let delay = monitorEventLoopDelay({ resolution: 1 });
let stallMs = 0;
const calibrations: Calibration[] = [];
const latencies: number[] = [];
const counts = { asked: 0, refused: 0, open: 0 };
let startedAt = 0;
let settledAt = 0;
let elapsedMs = 0;

/** Half a second of full batches and half a second of requests one by one: code that is not compiled yet says nothing about a service. */
async function warm(predict: Predict): Promise<void> {
  for (const concurrent of [MAX_BATCH, 1]) {
    const until = Date.now() + 500;
    while (Date.now() < until) {
      const asked = Array.from({ length: concurrent }, () => predict(row, Date.now() + 1_000));
      await Promise.race([Promise.allSettled(asked), new Promise((resolve) => void setTimeout(resolve, 20))]);
    }
  }
}

function ask(dueAt: number, deadlineAt: number): void {
  counts.asked++;
  counts.open++;
  predict(row, deadlineAt).then(
    () => {
      settledAt = now();
      const latencyMs = settledAt - dueAt;
      latencies.push(latencyMs);
      counts.open--;
      if (latencyMs > COLLAPSED_MS) report();
    },
    () => {
      counts.refused++;
      counts.open--;
    },
  );
}

async function startPhase(socket: Socket): Promise<void> {
  const calibration = await calibrate(run, row);
  calibrations.push(calibration);
  delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  startedAt = now();
  socket.write(new Uint8Array(Float64Array.of(calibration.capacity).buffer));
}

async function endPhase(socket: Socket): Promise<void> {
  const endedAt = now();
  while (counts.open > 0 && now() < endedAt + PATIENCE_MS) await new Promise((resolve) => void setTimeout(resolve, 5));
  stallMs = Math.max(stallMs, delay.max / 1e6);
  delay.disable();
  // Until the last answer: what the queue held when the generator ended would otherwise be a present.
  elapsedMs += Math.max(endedAt, settledAt) - startedAt;
  // What is still open would go into the next phase's measurement: the scheme has collapsed.
  if (counts.open > 0) return report();
  if (calibrations.length < phases) return await startPhase(socket);
  calibrations.push(await calibrate(run, row));
  report();
}

const server = createServer(async (socket) => {
  await warm(predict);
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    const all = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let at = 0;
    const toDeadline = Date.now() - now() + deadlineMs;
    for (; at + 8 <= all.length; at += 8) {
      const dueAt = all.readDoubleLE(at);
      // The generator ends a phase with NaN.
      if (Number.isNaN(dueAt)) void endPhase(socket);
      else ask(dueAt, dueAt + toDeadline);
    }
    rest = all.subarray(at);
  });
  await startPhase(socket);
});
server.listen(path, () => process.stdout.write('listening\n'));

function report(): void {
  latencies.sort((a, b) => a - b);
  const answered = counts.asked - counts.refused;
  const at = (p: number) => latencies[Math.floor(answered * p)] ?? Number.POSITIVE_INFINITY;
  // What a phase had is between what was measured before it and after it.
  const during = calibrations.slice(1).map((after, i) => [calibrations[i]!, after]);
  const mean = (of: (calibration: Calibration) => number) => {
    const measured = (during.length > 0 ? during : [calibrations]).flat().map(of);
    return measured.reduce((sum, rate) => sum + rate, 0) / measured.length;
  };
  const result = {
    alone: mean(({ alone }) => alone),
    capacity: mean(({ capacity }) => capacity),
    asked: counts.asked,
    onTimePerSecond: (1_000 * latencies.filter((ms) => ms <= deadlineMs).length) / (elapsedMs || now() - startedAt),
    refused: counts.refused,
    p50: at(0.5),
    p99: at(0.99),
    stallMs: Math.max(stallMs, delay.max / 1e6),
  };
  // No waiting for what is still queued.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
