import { type Digest, defined, digestJson, invalidInput, parseName } from '@millwright/core';
import type { LedgerEvent, NewEvent } from '@millwright/core/ledger';
import * as z from 'zod/mini';
import { text, word } from '../schemas.js';
import { parseStatement } from '../text.js';
import type { DatasetVersion } from './types.js';

/** How long versions of datasets are kept: plain data with a digest. A later rule for the same thing replaces an earlier one. */
export interface DatasetRule {
  /** All datasets of a layer, or the versions of one dataset, whose own rule goes before that of its layer. */
  readonly of: 'layer' | 'dataset';
  /** The layer or the dataset. */
  readonly name: string;
  /** Before it is this old, milliseconds since it was added, it may not be deleted, whoever asks. Default 0. */
  readonly keepMs?: number | undefined;
  /** From this age on it may go. Default never. */
  readonly deleteAfterMs?: number | undefined;
  /** The newest versions of a dataset that stay, however old they are. Default 0. */
  readonly keepNewest?: number | undefined;
  /** Why, such as `raw tickets hold names: 90 days`. */
  readonly basis: string;
}

/** A rule as it stands in the ledger. */
export interface StoredDatasetRule extends DatasetRule {
  readonly digest: Digest;
  readonly setBy: string;
  /** Milliseconds since 1970. */
  readonly setAt: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

const duration = z.optional(z.int().check(z.minimum(0)));

const ruleSchema = z.strictObject({
  of: z.enum(['layer', 'dataset']),
  name: word,
  keepMs: duration,
  deleteAfterMs: duration,
  keepNewest: duration,
  basis: text,
});

/** The event that sets a rule; it is in force for what is there and for what comes. @throws `input/invalid` */
export function ruleSet(rule: DatasetRule): NewEvent {
  parseStatement(rule.basis, 'basis');
  if (rule.of === 'dataset') parseName(rule.name, 'dataset name');
  else if (!['raw', 'staged', 'curated'].includes(rule.name))
    throw invalidInput('name', '`raw`, `staged` or `curated`', rule.name);
  const event: NewEvent = { type: 'dataset.ruleSet', data: defined({ ...rule }) };
  if (parseRule(event) === undefined)
    throw invalidInput('rule', 'whole milliseconds, of which `deleteAfterMs` is not the smaller', rule);
  return event;
}

/** The rule that an event sets, or undefined when it is none. */
export function parseRule({
  data,
}: Pick<LedgerEvent, 'data'>): (DatasetRule & { readonly digest: Digest }) | undefined {
  const parsed = ruleSchema.safeParse(data);
  if (!parsed.success) return undefined;
  const { keepMs = 0, deleteAfterMs = Number.POSITIVE_INFINITY } = parsed.data;
  return keepMs > deleteAfterMs ? undefined : { ...parsed.data, digest: digestJson(defined(parsed.data)) };
}

/** The rule that a dataset follows: its own, else that of its layer. */
export function ruleFor(
  rules: ReadonlyMap<string, StoredDatasetRule>,
  { name, layer }: Pick<DatasetVersion, 'name' | 'layer'>,
): StoredDatasetRule | undefined {
  return rules.get(ruleKey('dataset', name)) ?? rules.get(ruleKey('layer', layer));
}

export function ruleKey(of: DatasetRule['of'], name: string): string {
  return `${of} ${name}`;
}
