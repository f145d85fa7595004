import type { Abortable, Json, JsonObject } from '@millwright/core';
import type { Ledger, LedgerEvent } from '@millwright/core/ledger';

/** One entry of a ledger, in words. */
export interface TimelineEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The event's type: `alias.moved`. */
  readonly kind: string;
  readonly actor: string;
  readonly sentence: string;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** Which events are told, and in which words. */
export interface TimelineOptions extends Abortable {
  /** First leaf. Default 0. */
  readonly from?: number | undefined;
  /** Only these types. Default: everything that tells something (not lineage, not single metric values). */
  readonly kinds?: readonly string[] | undefined;
  /** Sentences for types of one's own, or better ones for those known here. Undefined leaves an event out. */
  readonly sentences?: Readonly<Record<string, (event: LedgerEvent) => string | undefined>> | undefined;
}

/** The ledger as a story: what happened, in order, one sentence each. */
export async function timeline(
  registry: { readonly ledger: Ledger },
  options: TimelineOptions = {},
): Promise<readonly TimelineEntry[]> {
  const { from, kinds, sentences = {}, signal } = options;
  const wanted = kinds === undefined ? undefined : new Set(kinds);
  const entries: TimelineEntry[] = [];
  for await (const event of registry.ledger.read({ from, signal })) {
    if (wanted === undefined ? SILENT.has(event.type) && sentences[event.type] === undefined : !wanted.has(event.type))
      continue;
    const own = sentences[event.type];
    const sentence = own === undefined ? sentenceOf(event) : own(event);
    if (sentence === undefined) continue;
    entries.push({ time: event.time, kind: event.type, actor: event.actor, sentence, eventIndex: event.index });
  }
  return entries;
}

const SILENT = new Set([
  'lineage.recorded',
  'run.logged',
  'review.claimed',
  'review.released',
  'rollout.observed',
  'rollout.evidenceRecorded',
  'rollout.epochAcknowledged',
  'rollout.epochInForce',
]);

/** An event of any kind in one sentence. Kinds that are not known say their name and what they carry. */
export function sentenceOf(event: LedgerEvent): string {
  const known = SENTENCES.get(event.type);
  return known?.(event.data, event) ?? fallback(event);
}

type Sentence = (data: JsonObject, event: LedgerEvent) => string;

const SENTENCES: ReadonlyMap<string, Sentence> = new Map<string, Sentence>([
  ['model.created', (d) => `Model ${s(d['name'])} created, owned by ${s(d['owner'])} (risk: ${s(d['risk'])}).`],
  ['model.changed', (d) => `Facts of model ${s(d['name'])} changed.`],
  [
    'version.registered',
    (d) => `${s(d['model'])}@${s(d['number'])} registered${by(d['madeBy'])}.${figures(d['metrics'])}`,
  ],
  ['version.tagged', (d) => `${s(d['version'])} tagged.`],
  ['version.deprecated', (d) => `${s(d['version'])} deprecated: ${s(d['reason'])}`],
  ['version.retired', (d) => `${s(d['version'])} retired: ${s(d['reason'])}`],
  [
    'evidence.attached',
    (d) =>
      `Evidence on ${s(d['version'])}: ${s(d['kind'])} ${VERDICTS[s(d['verdict'])] ?? s(d['verdict'])}${tail(d['sentence'])}`,
  ],
  ['approval.given', (d, e) => `${e.actor} approved ${s(d['version'])} as ${s(d['role'])}${tail(d['reason'])}`],
  ['approval.withdrawn', (d, e) => `${e.actor} withdrew the approval of ${s(d['version'])}${tail(d['reason'])}`],
  ['policy.set', (d) => `Policy of ${s(d['model'])} set (${short(d['digest'])})${tail(d['reason'])}`],
  ['alias.moved', (d) => moved(d)],
  ['alias.removed', (d) => `${s(d['model'])}: ${s(d['alias'])} removed from ${s(d['from'])}${tail(d['reason'])}`],
  [
    'command.denied',
    (d) => `Denied: ${s(d['action'])} on ${s(d['version'] ?? d['model'])}. ${list(d['reasons']).join(' ')}`,
  ],
  ['run.started', (d) => `Run ${s(d['name'])}@${s(d['number'])} started.`],
  ['run.artifactKept', (d) => `Run ${s(d['run'])} kept ${s(d['name'])} (${short(d['artifact'])}).`],
  ['run.finished', (d) => `Run ${s(d['run'])} ${s(d['status'])}.${figures(d['metrics'])}`],
  [
    'dataset.added',
    (d) =>
      `Dataset ${s(d['name'])}@${s(d['number'])} added (${s(d['layer'])}${rows(d['rowCount'])})${checked(d['validation'])}.`,
  ],
  ['dataset.ruleSet', (d) => `Retention of ${s(d['of'])} ${s(d['name'])} set${tail(d['basis'])}`],
  ['dataset.deleted', (d, e) => `${e.actor} deleted dataset ${s(d['dataset'])}${tail(d['reason'])}`],
  ['dataset.split', (d) => `Dataset ${s(d['dataset'])} split (${s(d['name'])}): ${VERDICTS[s(d['verdict'])] ?? ''}.`],
  [
    'taxonomy.published',
    (d) =>
      `Taxonomy ${s(d['name'])}@${s(d['number'])} published${d['breaking'] === true ? ', breaking' : ''}${tail(d['reason'])}`,
  ],
  ['oversight.set', (d, e) => `${e.actor} set the oversight of ${s(d['oversight'])}${tail(d['reason'])}`],
  ['oversight.stopped', (d, e) => `${e.actor} stopped ${s(d['oversight'])}${tail(d['reason'])}`],
  ['oversight.resumed', (d, e) => `${e.actor} let ${s(d['oversight'])} go on${tail(d['reason'])}`],
  // Written by monitors and rollouts, which share the ledger; the names are all that is known of them here.
  ['drift.triggered', (d) => `Drift in ${s(d['monitor'])}, ${s(d['action'])}${tail(d['because'])}`],
  ['rollout.submitted', (d) => `Rollout of ${s(d['challenger'])} against ${s(d['champion'])} submitted.`],
  ['rollout.stageEntered', (d) => `Rollout: ${share(d['plan'])} of the traffic.`],
  ['rollout.promotionStarted', (d) => `Rollout decides to promote${tail(d['sentence'])}`],
  ['rollout.rollbackStarted', (d) => `Rolled back${tail(d['sentence'])}`],
  ['rollout.paused', (d) => `Rollout paused (${s(d['reason'])})${tail(d['sentence'])}`],
  ['rollout.killed', (d, e) => `${e.actor} killed the rollout${tail(d['reason'])}`],
  ['review.requested', (d) => `Review asked for ${s(d['subject'])}: ${s(d['question'])}`],
  ['review.decided', (d, e) => `${e.actor} decided ${s(d['choice'])}${tail(d['reason'])}`],
  ['review.adjudicated', (d, e) => `${e.actor} settled the dispute: ${s(d['choice'])}${tail(d['reason'])}`],
  ['review.expired', (d) => `Review ${s(d['review'])} was not decided in time.`],
]);

const VERDICTS: Readonly<Record<string, string>> = { pass: 'passes', fail: 'fails', insufficient: 'is undecided' };

function moved(d: JsonObject): string {
  const verb = d['kind'] === 'rollback' ? 'rolled back' : 'moved';
  const from = d['from'] === undefined ? '' : ` from ${s(d['from'])}`;
  const override = d['breakGlass'] === true ? ' (policy overridden)' : d['plan'] ? ' (under a change plan)' : '';
  return `${s(d['model'])}: ${s(d['alias'])} ${verb}${from} to ${s(d['to'])}${override}${tail(d['reason'])}`;
}

/** `rollout.rolledBack` becomes `Rollout rolled back`, with what the event says about itself. */
function fallback(event: LedgerEvent): string {
  const words = event.type
    .replace(/[.]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  const { sentence, reason, model, version } = event.data;
  const what = [model, version].filter((v): v is string => typeof v === 'string').join(' ');
  return `${words[0]!.toUpperCase()}${words.slice(1)}${what === '' ? '' : ` (${what})`}${tail(sentence ?? reason)}`;
}

function s(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '?' : JSON.stringify(value);
}

function by(run: Json | undefined): string {
  return typeof run === 'string' ? ` by run ${run}` : '';
}

function tail(text: Json | undefined): string {
  if (typeof text !== 'string' || text.trim() === '') return '.';
  return `: ${text.trim()}${/[.!?]$/.test(text.trim()) ? '' : '.'}`;
}

function short(digest: Json | undefined): string {
  return typeof digest === 'string' ? digest.slice(0, 15) : '?';
}

function list(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map((item: Json) => s(item)) : [];
}

function figures(metrics: Json | undefined): string {
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) return '';
  const shown = Object.entries(metrics as JsonObject)
    .slice(0, 4)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? figure(value) : s(value)}`);
  return shown.length === 0 ? '' : ` ${shown.join(', ')}.`;
}

function figure(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(4)));
}

function share(plan: Json | undefined): string {
  const value = typeof plan === 'object' && plan !== null ? (plan as JsonObject)['share'] : undefined;
  return typeof value === 'number' ? `${Number((100 * value).toPrecision(3))} %` : '?';
}

function rows(count: Json | undefined): string {
  return typeof count === 'number' ? `, ${count.toLocaleString('en-US')} rows` : '';
}

function checked(validation: Json | undefined): string {
  const verdict =
    typeof validation === 'object' && validation !== null ? (validation as JsonObject)['verdict'] : undefined;
  return typeof verdict === 'string' ? `; validation ${VERDICTS[verdict] ?? verdict}` : '';
}
