import { MillwrightError } from '@millwright/core';
import { withoutStack } from '../engine/refusals.js';
import type { Abstained } from '../guard/types.js';

export function expired(request: {
  readonly deadlineAt: number;
  readonly arrivedAt: number;
}): MillwrightError<'serving/deadline'> {
  const deadlineMs = Math.max(0, request.deadlineAt - request.arrivedAt);
  const message = `No answer within ${deadlineMs} ms.`;
  return withoutStack(
    () => new MillwrightError('serving/deadline', message, { details: { deadlineMs, stage: 'infer' } }),
  );
}

export function withoutInput(field: string): Abstained {
  return {
    abstained: true,
    guard: 'contract',
    reason: `The input \`${field}\` is missing, and the contract says to abstain.`,
  };
}

export function noSuchArm(arm: string): MillwrightError<'state/not-found'> {
  return new MillwrightError(
    'state/not-found',
    `The policy sends requests to the arm \`${arm}\`, which was not prepared.`,
    { details: { what: 'arm', id: arm } },
  );
}

export function circuitOpen(arm: string, waitMs: number): MillwrightError<'serving/overloaded'> {
  const retryAfterMs = Math.ceil(waitMs);
  const message = `The arm \`${arm}\` has failed too often and is left alone. Try again in ${retryAfterMs} ms.`;
  return withoutStack(() => new MillwrightError('serving/overloaded', message, { details: { retryAfterMs } }));
}

export function endpointClosed(): MillwrightError<'state/closed'> {
  return new MillwrightError('state/closed', 'The endpoint was closed.', { details: { what: 'endpoint' } });
}
