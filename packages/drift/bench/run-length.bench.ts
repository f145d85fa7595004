import { ARL, contenders, delays, PROMISES, runLength } from './run-length.js';

/**
 * What e-detectors promise and what is measured, in full: run lengths of 20,000 on streams within the promise, then the
 * delay after a rise of the error rate from 0.10, beside detectors that promise nothing and beside the same ones
 * calibrated. Seeds 1 and 2. Continuous integration runs the same at a hundredth of the size.
 */
const RUNS = Number(process.argv[2] ?? 200);
const started = performance.now();

console.log(`average run length without change, promised ${ARL.toLocaleString('en')}, ${RUNS} runs, seed 1`);
for (const promise of PROMISES)
  for (const [name, stream] of Object.entries(promise.streams)) {
    const measured = runLength(promise, stream, { arl: ARL, runs: RUNS, seed: 1 });
    const verdict = measured >= ARL ? 'kept' : 'BROKEN';
    console.log(
      `${promise.name.padEnd(36)}${name.padEnd(34)}${Math.round(measured).toLocaleString('en').padStart(9)}  ${verdict}`,
    );
  }

const rates = [0.13, 0.15, 0.2, 0.4];
console.log(`\nmedian delay after 2,000 quiet errors at 0.10 (missed in 8,000; early), ${RUNS} runs, seed 2`);
console.log(''.padEnd(44) + rates.map((rate) => `to ${rate.toFixed(2)}`.padStart(22)).join(''));
for (const [name, make] of Object.entries(contenders(100))) {
  const cells = rates.map((rate) => {
    const { median, missed, early } = delays(make, rate, { runs: RUNS, seed: 2 });
    return `${Number.isFinite(median) ? median : '> 8,000'} (${percent(missed)}; ${percent(early)})`.padStart(22);
  });
  console.log(name.padEnd(44) + cells.join(''));
}
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
