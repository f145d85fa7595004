import { createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { scheme, WIDTHS } from './schemes.js';

/** Serves one generator with one scheme and prints what became of its requests: `server.ts scheme socket deadlineMs`. */
const [name, path, deadlineMs] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])];
const predict = await scheme(name);
const row = Float32Array.from({ length: WIDTHS[0]! }, (_, i) => (i % 17) / 17);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const delay = monitorEventLoopDelay({ resolution: 1 });
const latencies: number[] = [];
const counts = { asked: 0, refused: 0, open: 0 };

function ask(dueAt: number): void {
  counts.asked++;
  counts.open++;
  predict(row, Date.now() + dueAt + deadlineMs - now()).then(
    () => {
      latencies.push(now() - dueAt);
      counts.open--;
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
server.listen(path, () => process.stdout.write('ready\n'));

/** A scheme that collapsed would answer for minutes; what has not come after a second is late anyway. */
const PATIENCE_MS = 1_000;

function report(until: number): void {
  if (counts.open > 0 && now() < until) return void setTimeout(report, 5, until);
  latencies.sort((a, b) => a - b);
  const answered = counts.asked - counts.refused;
  const at = (p: number) => latencies[Math.floor(answered * p)] ?? Number.POSITIVE_INFINITY;
  const onTime = latencies.filter((ms) => ms <= deadlineMs).length;
  const result = {
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
