import { type Abortable, canonicalJson, type Json, type JsonObject } from '@millwright/core';
import type { Ledger } from '@millwright/core/ledger';

/** Which part of the ledger goes into the log. */
export interface EventLogOptions extends Abortable {
  /** First moment, milliseconds since 1970. Default: the beginning. */
  readonly from?: number | undefined;
  /** First moment that is not in it. Default: everything up to now. */
  readonly until?: number | undefined;
  /** Only what concerns this model: its id. Default: everything. */
  readonly model?: string | undefined;
}

/**
 * The automatically recorded events of a period, for those who must keep or hand over logs (Regulation (EU) 2024/1689,
 * Articles 12 and 19): lines of JSON. The first line names the ledger and the root that every entry can be proved under;
 * then one line per event with its entry, its time and its actor, in order; the last says how many there were, so that a
 * file that was cut off shows it. What people wrote as erasable payloads stands in it as a commitment only.
 */
export async function* eventLog(
  registry: { readonly ledger: Ledger },
  options: EventLogOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, model, signal } = options;
  const { id, head } = registry.ledger;
  yield line({ format: 'millwright.event-log/1', ledger: id, root: head.root, size: head.size, ...span(options) });
  let events = 0;
  for await (const { index, time, actor, type, data } of registry.ledger.read({ signal })) {
    if (index >= head.size || time >= until) break;
    if (time < from || (model !== undefined && !concerns(data, model))) continue;
    events++;
    yield line({ entry: index, time: new Date(time).toISOString(), actor, type, data });
  }
  yield line({ end: true, events });
}

function line(value: Readonly<Record<string, unknown>>): string {
  return `${canonicalJson(value)}\n`;
}

function span({ from, until, model }: EventLogOptions): JsonObject {
  const iso = (time: number | undefined): Json => (time === undefined ? null : new Date(time).toISOString());
  return { from: iso(from), until: iso(until), model: model ?? null };
}

/** Names the model, a version of it, or its lineage, anywhere. */
function concerns(value: Json, model: string): boolean {
  if (typeof value === 'string') {
    const text = value.startsWith('model:') ? value.slice('model:'.length) : value;
    return text === model || (text.startsWith(`${model}@`) && /^[0-9]+$/.test(text.slice(model.length + 1)));
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => concerns(member as Json, model));
}
