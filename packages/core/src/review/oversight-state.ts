import * as z from 'zod/mini';
import type { Json, JsonObject } from '../foundation/canonical-json.js';
import { type Digest, digestJson } from '../foundation/digest.js';
import type { LedgerEvent, Projection } from '../ledger/types.js';
import { MAX_REVIEW_TEXT, overdue, type ReviewState } from './projection.js';
import type { Recommendation } from './types.js';

/**
 * How people watch over a model. `in-the-loop`: nothing goes on without a person's decision, and one that nobody made in
 * time is a rejection. `on-the-loop`: the model goes on, and for a while a person may say otherwise. `in-command`: the model
 * goes on within its scope, which people change, and which they stop.
 */
export type OversightMode = 'in-the-loop' | 'on-the-loop' | 'in-command';

/** The rule that an oversight follows: plain data with a digest. */
export interface OversightRule {
  readonly mode: OversightMode;
  /** In the loop: how long people have to decide. On the loop: how long they may intervene. Default 24 hours. */
  readonly windowMs?: number | undefined;
  /** What the model may do at all, as words that its proposals name. Default: anything. */
  readonly scope?: readonly string[] | undefined;
  /** Who may decide, change the rule and resume. Default: anyone. Anyone may stop. */
  readonly people?: readonly string[] | undefined;
}

/** The oversight of one kind of act, as it stands. */
export interface OversightState {
  readonly name: string;
  readonly rule: OversightRule;
  readonly digest: Digest;
  /** Why nothing goes on, and who said so. */
  readonly stopped: { readonly by: string; readonly reason: string; readonly time: number } | undefined;
  /** Every rule, stop and resumption, oldest first. */
  readonly commands: readonly OversightCommand[];
}

/** What a person commanded. */
export interface OversightCommand {
  readonly what: 'set' | 'stop' | 'resume';
  readonly rule: Digest;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** What the model wanted to do, under the rule of that moment. */
export interface Proposal {
  readonly id: string;
  readonly oversight: string;
  readonly mode: OversightMode;
  readonly rule: Digest;
  readonly people: readonly string[] | undefined;
  /** What kind of act it is, for the scope. */
  readonly kind: string;
  readonly subject: string;
  readonly recommendation: Recommendation;
  /** Why it was refused at once. */
  readonly refused: 'stopped' | 'out-of-scope' | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** What may happen now. Act on `choice` and on nothing else. */
export interface Ruling {
  /** Undefined: do nothing (yet). */
  readonly choice: string | undefined;
  /** `person` decided; `silence` until the window closed; the `model` goes on; people are `waiting`ed for; or it may not be. */
  readonly how: 'person' | 'silence' | 'model' | 'waiting' | 'stopped' | 'out-of-scope';
  /** False while a person may still change it. */
  readonly final: boolean;
}

/** What the ledger says about acts that people watch over: the oversights, and what they proposed. */
export interface OversightsState {
  readonly oversights: Map<string, OversightState>;
  readonly proposals: Map<string, Proposal>;
}

const word = z.string().check(z.minLength(1), z.maxLength(200));
const text = z.string().check(z.maxLength(MAX_REVIEW_TEXT));

export const ruleSchema = z.strictObject({
  mode: z.enum(['in-the-loop', 'on-the-loop', 'in-command']),
  windowMs: z.optional(z.int().check(z.minimum(1))),
  scope: z.optional(z.array(word)),
  people: z.optional(z.array(word).check(z.minLength(1))),
});

const set = z.object({ oversight: word, rule: ruleSchema, reason: text });
const commanded = z.object({ oversight: word, reason: text });
const proposed = z.object({
  proposal: word,
  oversight: word,
  kind: word,
  subject: text,
  recommendation: z.object({ choice: word, confidence: z.optional(z.number()), by: z.optional(text) }),
});

/** Oversights and what was proposed under them. Mode, scope and people are those of the rule in force, whatever an event says. */
export const oversightProjection: Projection<OversightsState> = {
  id: 'core.oversight@1',
  init: () => ({ oversights: new Map(), proposals: new Map() }),
  apply(state, event) {
    FOLDS.get(event.type)?.(state, event);
    return state;
  },
  fork: ({ oversights, proposals }) => ({ oversights: new Map(oversights), proposals: new Map(proposals) }),
  snapshot: {
    // As a text, which leaves out what is undefined and keeps everything else as it is.
    encode: ({ oversights, proposals }): Json => JSON.stringify([[...oversights.values()], [...proposals.values()]]),
    decode(json) {
      const [oversights, proposals] = JSON.parse(String(json)) as [OversightState[], Proposal[]];
      return {
        oversights: new Map(oversights.map((each) => [each.name, { ...NOT_STOPPED, ...each }])),
        proposals: new Map(proposals.map((each) => [each.id, { ...OPEN, ...each }])),
      };
    },
  },
};

const NOT_STOPPED = { stopped: undefined };
const OPEN = { people: undefined, refused: undefined };

const FOLDS = new Map<string, (state: OversightsState, event: LedgerEvent) => void>([
  ['oversight.set', onSet],
  ['oversight.stopped', onStopped],
  ['oversight.resumed', onResumed],
  ['oversight.proposed', onProposed],
]);

function onSet({ oversights }: OversightsState, event: LedgerEvent): void {
  const { success, data } = set.safeParse(event.data);
  if (!success) return;
  const before = oversights.get(data.oversight);
  if (before !== undefined && !mayCommand(before, event.actor)) return;
  const digest = digestJson(data.rule);
  const commands = [...(before?.commands ?? []), command('set', digest, data.reason, event)];
  oversights.set(data.oversight, { name: data.oversight, rule: data.rule, digest, stopped: before?.stopped, commands });
}

function onStopped({ oversights }: OversightsState, event: LedgerEvent): void {
  const { success, data } = commanded.safeParse(event.data);
  const before = success ? oversights.get(data.oversight) : undefined;
  if (!success || before === undefined || before.stopped !== undefined) return;
  const stopped = { by: event.actor, reason: data.reason, time: event.time };
  const commands = [...before.commands, command('stop', before.digest, data.reason, event)];
  oversights.set(before.name, { ...before, stopped, commands });
}

function onResumed({ oversights }: OversightsState, event: LedgerEvent): void {
  const { success, data } = commanded.safeParse(event.data);
  const before = success ? oversights.get(data.oversight) : undefined;
  if (!success || before?.stopped === undefined || !mayCommand(before, event.actor)) return;
  const commands = [...before.commands, command('resume', before.digest, data.reason, event)];
  oversights.set(before.name, { ...before, stopped: undefined, commands });
}

function onProposed({ oversights, proposals }: OversightsState, event: LedgerEvent): void {
  const { success, data } = proposed.safeParse(event.data);
  const oversight = success ? oversights.get(data.oversight) : undefined;
  if (!success || oversight === undefined || proposals.has(data.proposal)) return;
  const { proposal: id, ...rest } = data;
  const { mode, people } = oversight.rule;
  proposals.set(id, {
    ...rest,
    ...{ id, mode, people, rule: oversight.digest, refused: refusal(oversight, data.kind) },
    ...{ time: event.time, eventIndex: event.index },
  });
}

function command(
  what: OversightCommand['what'],
  rule: Digest,
  reason: string,
  { actor: by, time, index: eventIndex }: LedgerEvent,
): OversightCommand {
  return { what, rule, by, reason, time, eventIndex };
}

/** Who may set the rule and resume. */
export function mayCommand({ rule }: OversightState, actor: string): boolean {
  return rule.people?.includes(actor) ?? true;
}

/** Why an act may not even be proposed. */
export function refusal({ stopped, rule }: OversightState, kind: string): Proposal['refused'] {
  if (stopped !== undefined) return 'stopped';
  return (rule.scope?.includes(kind) ?? true) ? undefined : 'out-of-scope';
}

/** What may happen at a time, from what was proposed and what people said. Pure. */
export function rulingOn(
  { mode, people, recommendation, refused }: Proposal,
  review: ReviewState | undefined,
  stopped: boolean,
  now: number,
): Ruling {
  if (refused !== undefined) return { choice: undefined, how: refused, final: true };
  if (stopped) return { choice: undefined, how: 'stopped', final: false };
  const goesOn = mode !== 'in-the-loop';
  const { outcome } = review ?? {};
  const decided = outcome?.how === 'agreed' || outcome?.how === 'adjudicated';
  if (decided && review!.decisions.every(({ by }) => people?.includes(by) ?? true))
    return { choice: outcome.choice, how: 'person', final: true };
  if (mode === 'in-command') return { choice: recommendation.choice, how: 'model', final: true };
  if (review !== undefined && overdue(review, now)) {
    const rejection = review.choices.includes('reject') ? 'reject' : undefined;
    return { choice: goesOn ? recommendation.choice : rejection, how: 'silence', final: true };
  }
  return goesOn
    ? { choice: recommendation.choice, how: 'model', final: false }
    : { choice: undefined, how: 'waiting', final: false };
}

/** The data of a rule event. @throws nothing; undefined for what is no rule */
export function parseOversightRule(rule: OversightRule): JsonObject | undefined {
  const parsed = ruleSchema.safeParse(JSON.parse(JSON.stringify(rule)));
  return parsed.success ? (parsed.data as JsonObject) : undefined;
}
