import type { Digest, JsonObject } from '@millwright/core';
import type { NewEvent } from '@millwright/core/ledger';
import { lineageRecorded } from '@millwright/core/lineage';
import type { TriggerDecision } from './types.js';

/** What of a record goes into a ledger: any monitor's will do. */
export interface TriggeredRecord {
  readonly monitor: string;
  readonly sentence: string;
  readonly trigger: TriggerDecision;
  /** Digests of the record itself and of what it was made from, as far as it has them. */
  readonly digest?: Digest | undefined;
  readonly reference?: Digest | undefined;
  readonly profile?: Digest | undefined;
  readonly plan?: Digest | undefined;
}

/** The decision in the lineage graph. Give it to the training run that answers it, as one of its `uses`. */
export function decisionNode({ monitor, trigger, digest }: TriggeredRecord): string {
  return `report:drift-${monitor.replace(/\s+/g, '-')}@${digest ?? trigger.evidence ?? trigger.key}`;
}

/**
 * A decision as events for a ledger, to be committed together: `drift.triggered` with every number it was decided from, and
 * its lineage.
 *
 * @param about nodes of what was watched and compared with: `model:flight-delay@3`, `dataset:january@1`
 * @example
 * await ledger.commit(() => ({ events: decisionEvents(record, [version, january]), result: undefined }));
 */
export function decisionEvents(
  record: TriggeredRecord,
  about: readonly (string | { readonly node: string })[],
): readonly NewEvent[] {
  const { monitor, sentence, trigger, digest, reference, profile, plan } = record;
  const id = decisionNode(record);
  // Absent numbers are absent in JSON.
  const data = JSON.parse(
    JSON.stringify({ monitor, node: id, ...trigger, because: sentence, digest, reference, profile, plan }),
  ) as JsonObject;
  const node = { id, kind: 'report', label: `${trigger.action}: ${sentence}`, digest } as const;
  const edges = about.map((source) => ({ from: typeof source === 'string' ? source : source.node, to: id }));
  return [{ type: 'drift.triggered', data }, lineageRecorded([node], edges)];
}
