import { connect } from 'node:net';
import { seededRandom } from '@millwright/core';

/**
 * Sends requests at the times of a Poisson process whatever becomes of them: `generator.ts socket ratePerSecond seconds`.
 * A request is the time at which it was due, in milliseconds of the machine's monotonic clock: latency counts from there,
 * so a server that stalls the generator's messages does not hide it.
 */
const [path, rate, seconds] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const now = () => Number(process.hrtime.bigint()) / 1e6;
const random = seededRandom(1);
const socket = connect(path, () => {
  const endAt = now() + 1_000 * seconds;
  let due = now() + gap();
  // Spins: timers are too coarse for a request every 20 µs.
  const turn = () => {
    const at = now();
    const times: number[] = [];
    for (; due <= at && due < endAt; due += gap()) times.push(due);
    if (times.length > 0) socket.write(new Uint8Array(Float64Array.from(times).buffer));
    if (at < endAt) setImmediate(turn);
    else socket.end();
  };
  turn();
});

function gap(): number {
  return (-Math.log(1 - random.next()) * 1_000) / rate;
}
