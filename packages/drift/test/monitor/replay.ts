import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { createMonitor } from '@millwright/drift';

const DAY = 86_400_000;

/** Not `**`: engines round powers differently. */
const cube = (x: number) => x * x * x;

/** Digests of what a fixed stream of four days leads to: they must be the same wherever this runs. */
export function replay(): readonly string[] {
  const random = seededRandom(44);
  const day = (shift: number) => {
    const amounts = Array.from({ length: 5_000 }, () => (random.next() < 0.01 ? null : cube(random.next()) + shift));
    const origins = Array.from({ length: 5_000 }, () => `ü${Math.floor(random.next() * random.next() * 40)}`);
    return tableFrom({ amount: amounts, origin: origins });
  };
  const reference = profileTable(day(0));
  const monitor = createMonitor({ reference, window: { by: 'time', everyMs: DAY } });
  const records = [0, 0, 0.5, 0].flatMap((shift, i) => monitor.observe(day(shift), { time: i * DAY }));
  return [reference.digest, ...records.map((record) => `${record.profile} ${record.verdict}`)];
}

export const REPLAYED: readonly string[] = [
  'sha256:cb0bed422308af46385e1ea9b8545b5ea8b7a8ed9f2a302b75c5419943a9088c',
  'sha256:3b04d1e4a696c9b0bc58d4deab095d72b320248b534895d8b1de077232ef936d noDrift',
  'sha256:87843e6b2aa03c6174e0d4aa898967049559d69b63ad7b856f4b89509ed78996 noDrift',
  'sha256:b9147ba07b0e0c16679e27187cfbe8c8ecb6e3ae18962e91370972a11cf4bbe6 drift',
];
