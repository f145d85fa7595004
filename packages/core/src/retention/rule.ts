import { invalidInput } from '../foundation/errors.js';
import { defined } from '../foundation/options.js';
import type { LedgerEvent, NewEvent } from '../ledger/types.js';

/** How long something is kept. A later rule for the same thing replaces an earlier one. */
export interface RetentionRule {
  /** Payloads of a class (`PayloadRef.class`), or segments of a stream. */
  readonly of: 'payload' | 'segment';
  /** The class or the stream. */
  readonly name: string;
  /** Before it is this old, milliseconds, it may not be erased, whoever asks. Default 0. */
  readonly keepMs?: number | undefined;
  /** When it is this old, `applyRetention` erases it. Default never. */
  readonly deleteAfterMs?: number | undefined;
  /** Why, such as `EU AI Act Art. 19: logs for six months`. */
  readonly basis: string;
}

/** The event that sets a rule; from then on it is in force for everything that is there. @throws `input/invalid` */
export function retentionSet(rule: RetentionRule): NewEvent {
  const event: NewEvent = { type: 'retention.set', data: defined(rule) };
  if (parseRule(event) === undefined)
    throw invalidInput(
      'rule',
      'a name, a basis, and times in milliseconds of which `deleteAfterMs` is not the smaller',
      rule,
    );
  return event;
}

/** The rule that an event sets, or undefined when it is none. */
export function parseRule({ data }: Pick<LedgerEvent, 'data'>): RetentionRule | undefined {
  const { of, name, keepMs = 0, deleteAfterMs = Number.MAX_SAFE_INTEGER, basis } = data;
  if ((of !== 'payload' && of !== 'segment') || typeof name !== 'string' || name === '') return undefined;
  if (typeof basis !== 'string' || !isDuration(keepMs) || !isDuration(deleteAfterMs)) return undefined;
  if (keepMs > deleteAfterMs) return undefined;
  return { of, name, keepMs, basis, ...(data['deleteAfterMs'] === undefined ? {} : { deleteAfterMs }) };
}

function isDuration(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
