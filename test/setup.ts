import fc from 'fast-check';
import { beforeEach, vi } from 'vitest';

/** Properties look at the same cases in every run; MILLWRIGHT_SEED=2 looks at others. */
fc.configureGlobal({ seed: Number(process.env['MILLWRIGHT_SEED'] ?? 1) });

/** A library does not print. A test that wants to see output replaces these itself. */
beforeEach(() => {
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      throw new Error(`console.${method} was called: ${args.map(String).join(' ')}`);
    });
  }
});
