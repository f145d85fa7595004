import type { Json } from '../foundation/canonical-json.js';
import type { Digest } from '../foundation/digest.js';
import { MillwrightError } from '../foundation/errors.js';
import type { CommitIntent, NewEvent, Projection } from '../ledger/types.js';
import { parseRule, type RetentionRule } from './rule.js';

/** The rules in force, and what payloads there are. */
export interface Retention {
  /** By `payload class` or `segment stream`. */
  readonly rules: ReadonlyMap<string, RetentionRule>;
  /** Payloads that an event refers to, erased or not; the time is that of the first such event. */
  readonly payloads: ReadonlyMap<Digest, { readonly class: string; readonly time: number }>;
}

interface MutableRetention extends Retention {
  readonly rules: Map<string, RetentionRule>;
  readonly payloads: Map<Digest, { readonly class: string; readonly time: number }>;
}

/**
 * Follows rules and payloads, and refuses commands that would erase what must be kept: those of processes that have it in
 * use, so open the ledger with it wherever something may be erased.
 */
export const retentionProjection: Projection<Retention> = {
  id: 'millwright.retention@1',
  init: (): MutableRetention => ({ rules: new Map(), payloads: new Map() }),
  apply(state, event) {
    const { rules, payloads } = state as MutableRetention;
    if (event.type === 'retention.set') {
      const rule = parseRule(event);
      if (rule !== undefined) rules.set(keyOf(rule.of, rule.name), rule);
    } else {
      for (const { commitment, class: kind } of payloadsIn(event.data))
        if (!payloads.has(commitment)) payloads.set(commitment, { class: kind, time: event.time });
    }
    return state;
  },
  fork: ({ rules, payloads }): MutableRetention => ({ rules: new Map(rules), payloads: new Map(payloads) }),
  snapshot: {
    encode: ({ rules, payloads }) => ({
      rules: Array.from(rules.values(), (rule): Json => ({ ...rule }) as Json),
      payloads: Array.from(payloads, ([digest, { class: kind, time }]): Json => [digest, kind, time]),
    }),
    decode(json): MutableRetention {
      const { rules, payloads } = json as {
        readonly rules: readonly RetentionRule[];
        readonly payloads: readonly [Digest, string, number][];
      };
      return {
        rules: new Map(rules.map((rule) => [keyOf(rule.of, rule.name), rule])),
        payloads: new Map(payloads.map(([digest, kind, time]) => [digest, { class: kind, time }])),
      };
    },
  },
  guard({ rules, payloads }, { events, time }: CommitIntent) {
    for (const event of events) {
      if (event.type === 'redaction.applied') {
        for (const digest of listed(event, 'refs')) {
          const payload = payloads.get(digest as Digest);
          const rule = payload && rules.get(keyOf('payload', payload.class));
          if (rule !== undefined && payload!.time + (rule.keepMs ?? 0) > time)
            throw mustBeKept(`the payload ${digest}`, rule);
        }
      } else if (event.type === 'segment.expired') {
        const rule = rules.get(keyOf('segment', String(event.data['stream'])));
        if (rule !== undefined && Number(event.data['before']) + (rule.keepMs ?? 0) > time)
          throw mustBeKept(`segments of \`${rule.name}\``, rule);
      }
    }
  },
};

export function keyOf(of: RetentionRule['of'], name: string): string {
  return `${of} ${name}`;
}

/** The references to payloads anywhere in an event's data. */
function* payloadsIn(value: Json): Generator<{ readonly commitment: Digest; readonly class: string }> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const each of value) yield* payloadsIn(each);
    return;
  }
  const { alg, commitment, class: kind } = value as { readonly [key: string]: Json };
  if (alg === 'sha256-salted' && typeof commitment === 'string' && typeof kind === 'string')
    yield { commitment: commitment as Digest, class: kind };
  else for (const each of Object.values(value)) yield* payloadsIn(each);
}

function listed({ data }: NewEvent, member: string): readonly string[] {
  const list = data[member];
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
}

function mustBeKept(what: string, { keepMs, basis }: RetentionRule): MillwrightError<'state/precondition'> {
  return new MillwrightError(
    'state/precondition',
    `${what[0]!.toUpperCase()}${what.slice(1)} must be kept for ${keepMs} ms (${basis}). Nothing was erased. If the rule is wrong, set another first.`,
    { details: { what, expected: `an age of ${keepMs} ms`, actual: 'younger' } },
  );
}
