import { invalidInput } from '@millwright/core';

/** Whole microseconds since 1970, of milliseconds. @throws `input/invalid` for what is no time */
export function microseconds(column: string, milliseconds: number): bigint {
  const whole = Math.round(milliseconds * 1_000);
  if (!Number.isFinite(whole)) throw invalidInput(column, 'times, and null where there is none', milliseconds);
  return BigInt(whole);
}
