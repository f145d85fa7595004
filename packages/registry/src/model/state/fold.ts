import type { LedgerEvent } from '@millwright/core/ledger';
import type { ModelsState } from './types.js';

/** Applies an event, or says why it is passed over. */
export type Fold = (state: ModelsState, event: LedgerEvent) => string | undefined;

interface Schema<T> {
  safeParse(input: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** A fold of events whose data has this schema; what has not is passed over. */
export function fold<T>(
  schema: Schema<T>,
  apply: (state: ModelsState, data: T, event: LedgerEvent) => string | undefined,
): Fold {
  return (state, event) => {
    const parsed = schema.safeParse(event.data);
    return parsed.success ? apply(state, parsed.data, event) : 'malformed';
  };
}
