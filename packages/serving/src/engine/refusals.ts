import { MillwrightError } from '@millwright/core';

export function overloaded(retryAfterMs: number): MillwrightError<'serving/overloaded'> {
  const message = `The endpoint is over capacity. Try again in ${retryAfterMs} ms.`;
  return withoutStack(() => new MillwrightError('serving/overloaded', message, { details: { retryAfterMs } }));
}

export function tooLate(): MillwrightError<'serving/deadline'> {
  const message = 'The request could not be answered before its deadline.';
  return withoutStack(
    () => new MillwrightError('serving/deadline', message, { details: { deadlineMs: 0, stage: 'queue' } }),
  );
}

/** A refusal is no fault in the code, and its stack is most of what it costs: thousands are made when there is no time left. */
export function withoutStack<E extends Error>(make: () => E): E {
  const errors = Error as { stackTraceLimit?: number };
  const { stackTraceLimit } = errors;
  if (stackTraceLimit === undefined) return make();
  errors.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    errors.stackTraceLimit = stackTraceLimit;
  }
}
