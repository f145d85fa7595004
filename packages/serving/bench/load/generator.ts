import { connect } from 'node:net';
import { seededRandom } from '@millwright/core';

/**
 * Sends requests at the times of a Poisson process whatever becomes of them: `generator.ts socket share seconds`, in phases,
 * each at a share of the capacity that the server tells. A request is the time at which it was due, in milliseconds of the
 * machine's monotonic clock: latency counts from there, so a server that stalls the generator's messages does not hide it.
 */
const [path, share, seconds] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const now = () => Number(process.hrtime.bigint()) / 1e6;
const random = seededRandom(1);
let rate = 0;
let due = Number.POSITIVE_INFINITY;
let endAt = Number.POSITIVE_INFINITY;
const socket = connect(path, turn);
socket.on('data', (data) => {
  rate = share * data.readDoubleLE(0);
  endAt = now() + 1_000 * seconds;
  due = now() + gap();
});
socket.on('close', () => process.exit(0));

/** Spins: timers are too coarse for a request every 20 µs. It does so while the server measures itself, too: cores share caches. */
function turn(): void {
  const at = now();
  const times: number[] = [];
  for (; due <= at && due < endAt; due += gap()) times.push(due);
  if (at >= endAt) {
    times.push(Number.NaN);
    due = Number.POSITIVE_INFINITY;
    endAt = Number.POSITIVE_INFINITY;
  }
  if (times.length > 0) socket.write(new Uint8Array(Float64Array.from(times).buffer));
  setImmediate(turn);
}

function gap(): number {
  return (-Math.log(1 - random.next()) * 1_000) / rate;
}
