import { MillwrightError } from '../foundation/errors.js';
import type { LedgerEvent, NewEvent, Projection } from './types.js';

/**
 * What a program must understand to read a ledger rightly, and to write to it. Requirements are only ever added: by
 * `ledger.created` and by `ledger.featuresRequired`.
 */
export interface Protocol {
  readonly readerFeatures: readonly string[];
  readonly writerFeatures: readonly string[];
}

/** The first event of every ledger. */
export const LEDGER_CREATED: NewEvent = {
  type: 'ledger.created',
  data: { format: 'millwright.ledger/1', readerFeatures: [], writerFeatures: [] },
};

/**
 * The event that raises the requirements. Programs that do not know a reader feature refuse to open the ledger from then
 * on; programs that do not know a writer feature refuse to write.
 */
export function featuresRequired(features: Partial<Protocol>): NewEvent {
  const { readerFeatures = [], writerFeatures = [] } = features;
  return {
    type: 'ledger.featuresRequired',
    data: { readerFeatures: [...readerFeatures], writerFeatures: [...writerFeatures] },
  };
}

/** The reader features that critical events among these ask for: to know their types. */
export function criticalFeatures(events: readonly NewEvent[]): readonly string[] {
  return events.filter(({ critical }) => critical === true).map(({ type }) => eventFeature(type));
}

function eventFeature(type: string): string {
  return `event:${type}`;
}

/** What a program with this projection in use understands. */
export function featuresOf({ features = [], knows = [] }: Projection<unknown>): readonly string[] {
  return [...features, ...knows.map(eventFeature)];
}

/** The requirements after these events: what they ask for by name, and to know every critical one. */
export function raiseProtocol(protocol: Protocol, events: readonly LedgerEvent[]): Protocol {
  const readerFeatures = union(protocol.readerFeatures, criticalFeatures(events));
  let raised = readerFeatures === protocol.readerFeatures ? protocol : { ...protocol, readerFeatures };
  for (const { type, data } of events) {
    if (type !== 'ledger.created' && type !== 'ledger.featuresRequired') continue;
    raised = {
      readerFeatures: union(raised.readerFeatures, data['readerFeatures']),
      writerFeatures: union(raised.writerFeatures, data['writerFeatures']),
    };
  }
  return raised;
}

/** @throws `ledger/unsupported` naming the features that are not among the known ones */
export function checkFeatures(
  required: readonly string[],
  known: ReadonlySet<string>,
  what: 'read' | 'write to',
): void {
  const features = required.filter((feature) => !known.has(feature));
  if (features.length === 0) return;
  throw new MillwrightError(
    'ledger/unsupported',
    `This version cannot ${what} the ledger: it needs \`${features.join('`, `')}\`. Install a newer version.`,
    { details: { features } },
  );
}

/** The known ones themselves when nothing is new. */
function union(known: readonly string[], added: unknown): readonly string[] {
  if (!Array.isArray(added)) return known;
  const more = added.filter((feature): feature is string => typeof feature === 'string' && !known.includes(feature));
  return more.length === 0 ? known : [...new Set([...known, ...more])];
}
