import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fixedWindow, MAX_BATCH, session, WIDTHS } from './load/schemes.js';

/**
 * Batching under open-loop load: `npm run bench -- serving-load`. Requests come by a Poisson process from another
 * process and count from the time they were due; every scheme runs in a process of its own, in turns; the deadline is
 * 50 ms. MILLWRIGHT_ROUNDS=5 repeats everything and takes medians (default 1), MILLWRIGHT_SECONDS=4 per cell (default 2).
 */
const ROUNDS = Number(process.env['MILLWRIGHT_ROUNDS'] ?? 1);
const SECONDS = Number(process.env['MILLWRIGHT_SECONDS'] ?? 2);
const DEADLINE_MS = 50;
const WINDOWS = ['window 1', 'window 2', 'window 5', 'window 10'];
const SCHEMES = ['raw', 'p-queue 1', 'p-queue 4', 'p-queue 8', ...WINDOWS, 'ours'];
const LOADS = { idle: 0.003, '15 %': 0.15, '30 %': 0.3, '50 %': 0.5, '130 %': 1.3 };

interface Result {
  readonly asked: number;
  readonly onTime: number;
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
  readonly stallMs: number;
}

const { alone, capacity } = await calibrate();
console.log(
  `A perceptron of ${WIDTHS.length - 1} layers: raw session.run answers ${alone.toFixed(0)} rows/s one by one and ${capacity.toFixed(0)} rows/s in runs of ${MAX_BATCH}; loads are parts of the latter. ${ROUNDS} × ${SECONDS} s per cell, deadline ${DEADLINE_MS} ms.`,
);
const results = new Map<string, Result[]>();
for (let round = 0; round < ROUNDS; round++)
  for (const [load, share] of Object.entries(LOADS))
    for (const scheme of SCHEMES) {
      const key = `${load} ${scheme}`;
      results.set(key, [...(results.get(key) ?? []), await measure(scheme, share * capacity)]);
    }
for (const load of Object.keys(LOADS)) table(load);
ratios();

/** One by one, and in full batches whose rows are gathered and whose answers are handed out: what an oracle would do. */
async function calibrate(): Promise<{ readonly alone: number; readonly capacity: number }> {
  const run = await session();
  const row = new Float32Array(WIDTHS[0]!);
  const batched = fixedWindow(run, 1_000);
  const perSecond = async (rows: number, work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let i = 0; i < 300; i++) {
      const startedAt = performance.now();
      await work();
      times.push(performance.now() - startedAt);
    }
    return (1_000 * rows) / median(times);
  };
  const full = () => Promise.all(Array.from({ length: MAX_BATCH }, () => batched(row, 0)));
  return { alone: await perSecond(1, () => run(row, 1)), capacity: await perSecond(MAX_BATCH, full) };
}

async function measure(scheme: string, rate: number): Promise<Result> {
  const path = join(tmpdir(), `millwright-load-${process.pid}.sock`);
  rmSync(path, { force: true });
  const server = start('server.ts', scheme, path, String(DEADLINE_MS));
  const lines = createInterface({ input: server.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  const generator = start('generator.ts', path, String(rate), String(SECONDS));
  const { value } = await lines.next();
  generator.kill();
  return JSON.parse(value as string) as Result;
}

function start(file: string, ...parameters: string[]): ChildProcess {
  const path = join(import.meta.dirname, 'load', file);
  return spawn(process.execPath, [...process.execArgv, path, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function table(load: string): void {
  console.log(`\n${load.padEnd(12)} on time/s    p50 ms    p99 ms   refused   longest stall ms`);
  for (const scheme of SCHEMES) {
    const cell = (of: (result: Result) => number, digits: number) => {
      const value = cellOf(load, scheme, of);
      return (Number.isFinite(value) ? value.toFixed(digits) : '∞').padStart(10);
    };
    console.log(
      `${scheme.padEnd(12)}${cell(({ onTime }) => onTime / SECONDS, 0)}${cell(({ p50 }) => p50, 2)}${cell(({ p99 }) => p99, 2)}${cell(({ asked, refused }) => (100 * refused) / asked, 1)} %${cell(({ stallMs }) => stallMs, 0)}`,
    );
  }
}

function ratios(): void {
  const p50 = (load: string, scheme: string) => cellOf(load, scheme, (result) => result.p50);
  const goodput = (scheme: string) => cellOf('130 %', scheme, ({ onTime }) => onTime / SECONDS);
  const say = (what: string, value: number) => console.log(`${what.padEnd(64)} ${value.toFixed(2)}`);
  console.log('');
  say('idle p50 / raw', p50('idle', 'ours') / p50('idle', 'raw'));
  say('saturated rows/s / raw one by one', goodput('ours') / alone);
  for (const load of ['15 %', '30 %', '50 %'])
    for (const window of WINDOWS)
      say(`p50 at ${load} of capacity / ${window} ms`, p50(load, 'ours') / p50(load, window));
  say('goodput at 130 % / capacity', goodput('ours') / capacity);
  say('goodput at 130 % / best window', goodput('ours') / Math.max(...WINDOWS.map(goodput)));
}

function cellOf(load: string, scheme: string, of: (result: Result) => number): number {
  return median(results.get(`${load} ${scheme}`)!.map(of));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
