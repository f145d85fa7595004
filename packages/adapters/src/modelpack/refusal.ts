import { MillwrightError } from '@millwright/core';

export function refused(path: string, reason: string): MillwrightError<'artifact/invalid'> {
  return new MillwrightError('artifact/invalid', `The layout is refused at \`${path}\`: ${reason}.`, {
    details: { path, reason },
  });
}

export function tooLarge(name: string, limit: number, received: number): MillwrightError<'input/too-large'> {
  return new MillwrightError('input/too-large', `The ${name} have ${received} bytes, and ${limit} are allowed.`, {
    details: { name, limit, received },
  });
}

export function mismatch(name: string, expected: string, actual: string): MillwrightError<'artifact/mismatch'> {
  const message = `Expected the ${name} to have the digest ${expected}, got ${actual}.`;
  return new MillwrightError('artifact/mismatch', message, { details: { path: name, expected, actual } });
}
