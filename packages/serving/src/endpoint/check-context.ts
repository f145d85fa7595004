import { invalidInput, isMillwrightError, MillwrightError, type RequestContext } from '@millwright/core';

/**
 * Checks what comes with a request, which may come from a header: behind this nothing has to be asked again.
 *
 * @throws `input/invalid`, `contract/violated`
 */
export function checkContext(context: RequestContext): void {
  try {
    check(context);
  } catch (error) {
    throw unreadable(error);
  }
}

function check({ unit, tenant, priority, deadlineAt, attributes, decisionId, signal }: RequestContext): void {
  if (unit !== undefined && typeof unit !== 'string') throw invalidInput('unit', 'a string', unit);
  if (tenant !== undefined && typeof tenant !== 'string') throw invalidInput('tenant', 'a string', tenant);
  if (priority !== undefined && priority !== 'high' && priority !== 'normal' && priority !== 'low')
    throw invalidInput('priority', '`high`, `normal` or `low`', priority);
  // NaN would be a request that is never late.
  if (deadlineAt !== undefined && !Number.isFinite(deadlineAt))
    throw invalidInput('deadlineAt', 'milliseconds', deadlineAt);
  if (attributes !== undefined && (typeof attributes !== 'object' || attributes === null))
    throw invalidInput('attributes', 'values by name', attributes);
  if (decisionId !== undefined && typeof decisionId !== 'string')
    throw invalidInput('decisionId', 'a string', decisionId);
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw invalidInput('signal', 'an AbortSignal', signal);
}

/** What `read` returns. A request that cannot even be read (a getter that throws, a revoked proxy) breaks the contract. @throws coded errors */
export function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error);
  }
}

export function unreadable(cause: unknown): MillwrightError {
  if (isMillwrightError(cause)) return cause;
  const violation = { path: '', expected: 'values that can be read', received: 'one that throws' };
  return new MillwrightError('contract/violated', 'Expected values that can be read, got one that throws.', {
    details: { violations: [violation] },
    cause,
  });
}
