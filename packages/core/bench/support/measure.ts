import { ROWS } from './rows.js';

/** Milliseconds of the best of `rounds` runs, printed with the rows per second. */
export function measure(name: string, work: () => unknown, rounds = 15): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return print(name, best);
}

/** The same for work that takes a promise. */
export async function measureAsync(name: string, work: () => Promise<unknown>, rounds = 5): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return print(name, best);
}

export function print(name: string, ms: number): number {
  console.log(
    `${name.padEnd(48)} ${ms.toFixed(1).padStart(8)} ms ${(ROWS / ms / 1e3).toFixed(1).padStart(8)} M rows/s`,
  );
  return ms;
}
