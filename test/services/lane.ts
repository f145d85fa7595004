import { describe, test } from 'vitest';

/**
 * Tests that need a server. Where it is missing they are skipped, by one line that says which command brings it; with
 * CI set, a missing server is a failure.
 */
export function describeService(name: string, missing: string | undefined, tests: () => void): void {
  if (missing === undefined) describe(name, tests);
  else if (process.env['CI'] === undefined) test.skip(`${name}: ${missing}`, () => undefined);
  else
    test(name, () => {
      throw new Error(missing);
    });
}
