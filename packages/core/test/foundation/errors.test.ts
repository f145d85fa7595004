import { describe as describeValue, invalidInput, isMillwrightError, MillwrightError } from '@millwright/core';
import { expect, test, vi } from 'vitest';

test('an error carries its code, details and cause', () => {
  const cause = new Error('below');
  const error = new MillwrightError('queue/full', 'Full.', { details: { limit: 3 }, cause });
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('MillwrightError');
  expect(error).toMatchObject({ code: 'queue/full', details: { limit: 3 }, cause, message: 'Full.' });
  expect(String(error)).toBe('MillwrightError: Full.');
  expect('cause' in new MillwrightError('queue/full', 'Full.', { details: { limit: 3 } })).toBe(false);
});

test('is recognised across copies of the package', async () => {
  vi.resetModules();
  const copy = await import('@millwright/core');
  expect(copy.MillwrightError).not.toBe(MillwrightError);
  const foreign = new copy.MillwrightError('queue/full', 'Full.', { details: { limit: 1 } });
  expect(foreign).not.toBeInstanceOf(MillwrightError);
  expect(isMillwrightError(foreign)).toBe(true);
  expect(isMillwrightError(foreign, 'queue/full')).toBe(true);
  expect(isMillwrightError(foreign, 'input/invalid')).toBe(false);
});

test.each([undefined, null, 'text', 7, {}, new Error('plain'), { code: 'queue/full' }])(
  '%s is no Millwright error',
  (value) => {
    expect(isMillwrightError(value)).toBe(false);
  },
);

test('says what was expected, what came, and what to do', () => {
  expect(invalidInput('share', 'a number between 0 and 1', 12, 'Shares are fractions.').message).toBe(
    'Expected `share` to be a number between 0 and 1, got `12` (number). Shares are fractions.',
  );
});

test.each([
  [undefined, '`undefined`'],
  [null, '`null`'],
  [[1, 2], 'an array of 2'],
  [new Map(), 'an object (Map)'],
  [Object.create(null), 'an object (no prototype)'],
  [() => 1, 'a function'],
  ['x'.repeat(100), `\`${'x'.repeat(60)}…\` (string)`],
  [10n, '`10` (bigint)'],
])('describes %s', (value, text) => {
  expect(describeValue(value)).toBe(text);
});
