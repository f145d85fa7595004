import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Calibration, MAX_BATCH, WIDTHS } from './load/schemes.js';

/**
 * Batching under open-loop load: `npm run bench -- serving-load`. Requests come by a Poisson process from another
 * process and count from the time they were due; every scheme runs in a process of its own, in turns; the deadline is
 * 50 ms. Loads and ratios are parts of what raw onnxruntime did in the same process moments before, beside the same
 * generator and in turns of four seconds, because a shared machine is not equally fast all the time. Turns are that
 * long because a queue that only grows makes up for the first quarter of a second, in which nobody is late yet.
 * MILLWRIGHT_ROUNDS=5 repeats everything and takes medians (default 1), MILLWRIGHT_SECONDS=16 per cell (default 8),
 * MILLWRIGHT_SCHEMES=raw,ours and MILLWRIGHT_LOADS=idle leave the others out; MILLWRIGHT_LAYERS=20 (default 1,000) and
 * MILLWRIGHT_WIDTH=128 (default 32) make another model. Cells go to standard error as they are measured.
 */
const ROUNDS = Number(process.env['MILLWRIGHT_ROUNDS'] ?? 1);
const SECONDS = Number(process.env['MILLWRIGHT_SECONDS'] ?? 8);
const PHASE_SECONDS = 4;
const DEADLINE_MS = 50;
const WINDOWS = ['window 1', 'window 2', 'window 5', 'window 10'];
const SCHEMES = chosen('MILLWRIGHT_SCHEMES', [
  'p-queue 1',
  'p-queue 4',
  'p-queue 8',
  ...WINDOWS,
  'raw',
  'oracle',
  'ours',
]);
/** Idle is a tenth of what one can do who runs row by row. */
const SHARES: Readonly<Record<string, number>> = { idle: 0.006, '15 %': 0.15, '30 %': 0.3, '50 %': 0.5, '130 %': 1.3 };
const LOADS = chosen('MILLWRIGHT_LOADS', Object.keys(SHARES));

interface Result extends Calibration {
  readonly asked: number;
  readonly onTimePerSecond: number;
  readonly refused: number;
  readonly p50: number;
  readonly p99: number;
  readonly stallMs: number;
}

const results = new Map<string, Result[]>();
for (let round = 0; round < ROUNDS; round++)
  for (const load of LOADS)
    for (const scheme of schemesAt(load)) {
      const key = `${load} ${scheme}`;
      const result = await measure(scheme, SHARES[load]!);
      results.set(key, [...(results.get(key) ?? []), result]);
      console.error(JSON.stringify({ round, load, scheme, ...result }));
    }
const all = [...results.values()].flat();
const [alone, capacity] = [median(all.map((result) => result.alone)), median(all.map((result) => result.capacity))];
console.log(
  `A perceptron of ${WIDTHS.length - 1} layers: raw session.run answers ${alone.toFixed(0)} rows/s one by one and ${capacity.toFixed(0)} rows/s in runs of ${MAX_BATCH}; loads are parts of the latter. ${ROUNDS} × ${SECONDS} s per cell, deadline ${DEADLINE_MS} ms.`,
);
for (const load of LOADS) table(load);
ratios();

function chosen(variable: string, all: readonly string[]): readonly string[] {
  const wanted = process.env[variable]?.split(',');
  return wanted === undefined ? all : all.filter((name) => wanted.includes(name));
}

/** The oracle waits for full batches: it says something only where there are. */
function schemesAt(load: string): readonly string[] {
  return SCHEMES.filter((scheme) => scheme !== 'oracle' || load === '130 %');
}

async function measure(scheme: string, share: number): Promise<Result> {
  const path = join(tmpdir(), `millwright-load-${process.pid}.sock`);
  rmSync(path, { force: true });
  const server = start('server.ts', scheme, path, String(DEADLINE_MS), String(SECONDS / PHASE_SECONDS));
  const lines = createInterface({ input: server.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  const generator = start('generator.ts', path, String(share), String(PHASE_SECONDS));
  const result = JSON.parse((await lines.next()).value as string) as Result;
  generator.kill();
  return result;
}

function start(file: string, ...parameters: string[]): ChildProcess {
  const path = join(import.meta.dirname, 'load', file);
  return spawn(process.execPath, [...process.execArgv, path, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function table(load: string): void {
  console.log(`\n${load.padEnd(12)} on time/s    p50 ms    p99 ms   refused   longest stall ms`);
  for (const scheme of schemesAt(load)) {
    const cell = (of: (result: Result) => number, digits: number) => {
      const value = cellOf(load, scheme, of);
      return (Number.isFinite(value) ? value.toFixed(digits) : '∞').padStart(10);
    };
    console.log(
      `${scheme.padEnd(12)}${cell(({ onTimePerSecond }) => onTimePerSecond, 0)}${cell(({ p50 }) => p50, 2)}${cell(({ p99 }) => p99, 2)}${cell(({ asked, refused }) => (100 * refused) / asked, 1)} %${cell(({ stallMs }) => stallMs, 0)}`,
    );
  }
}

/** Medians over rounds of what we did, relative to what was measured in the same round. */
function ratios(): void {
  const p50 = (result: Result) => result.p50;
  const goodput = (result: Result) => result.onTimePerSecond;
  const say = (
    what: string,
    load: string,
    of: (ours: Result) => number,
    to: (ours: Result, round: number) => number,
  ) => {
    const all = (results.get(`${load} ours`) ?? []).map((ours, round) => of(ours) / to(ours, round));
    if (all.every(Number.isFinite) && all.length > 0) console.log(`${what.padEnd(64)} ${median(all).toFixed(2)}`);
  };
  const p50Of = (load: string, scheme: string | undefined) => (_: Result, round: number) =>
    results.get(`${load} ${scheme}`)?.[round]?.p50 ?? Number.NaN;
  const goodputAt130 = (scheme: string | undefined) => (_: Result, round: number) =>
    results.get(`130 % ${scheme}`)?.[round]?.onTimePerSecond ?? Number.NaN;
  const windows = (load: string) => WINDOWS.filter((window) => results.has(`${load} ${window}`));
  /** What one would set for this load: the window whose median is best, the same one in every round. */
  const soonest = (load: string) => windows(load).toSorted((a, b) => cellOf(load, a, p50) - cellOf(load, b, p50))[0];
  const hardiest = windows('130 %').toSorted((a, b) => cellOf('130 %', b, goodput) - cellOf('130 %', a, goodput))[0];

  console.log('');
  say('idle p50 / raw', 'idle', p50, p50Of('idle', 'raw'));
  say('saturated rows/s / raw one by one', '130 %', goodput, ({ alone }) => alone);
  for (const load of ['15 %', '30 %', '50 %']) {
    for (const window of WINDOWS) say(`p50 at ${load} of capacity / ${window} ms`, load, p50, p50Of(load, window));
    say(`p50 at ${load} of capacity / best window`, load, p50, p50Of(load, soonest(load)));
    say(`p50 at ${load} of capacity / lower bound`, load, p50, (ours) => lowerBound(ours, load));
  }
  say('goodput at 130 % / oracle', '130 %', goodput, goodputAt130('oracle'));
  say('goodput at 130 % / capacity', '130 %', goodput, ({ capacity }) => capacity);
  say('goodput at 130 % / best window', '130 %', goodput, goodputAt130(hardiest));
}

/** One and a half runs of the size that the load makes: half of the run under way and one's own. One engine cannot answer sooner. */
function lowerBound({ alone, capacity }: Calibration, load: string): number {
  const perRow = (1_000 * (MAX_BATCH / capacity - 1 / alone)) / (MAX_BATCH - 1);
  const perRun = 1_000 / alone - perRow;
  return (1.5 * perRun) / (1 - (perRow * SHARES[load]! * capacity) / 1_000);
}

function cellOf(load: string, scheme: string, of: (result: Result) => number): number {
  return median(results.get(`${load} ${scheme}`)!.map(of));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
