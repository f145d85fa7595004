import type { Abortable } from '../foundation/abort.js';
import { type Clock, systemClock } from '../foundation/clock.js';
import { invalidInput, MillwrightError } from '../foundation/errors.js';
import { idSource, type ReviewId } from '../foundation/ids.js';
import { defined } from '../foundation/options.js';
import { type Random, systemRandom } from '../foundation/random.js';
import type { PayloadRef } from '../ledger/payload.js';
import type { Ledger, LedgerView, NewEvent } from '../ledger/types.js';
import type { BlobStore } from '../storage/types.js';
import type { BusinessCalendar } from './calendar.js';
import { type Acting, sealNote } from './note.js';
import {
  mayCommand,
  type OversightRule,
  type OversightState,
  oversightProjection,
  parseOversightRule,
  type Ruling,
  refusal,
  rulingOn,
} from './oversight-state.js';
import { MAX_REVIEW_TEXT, mayClaim, overdue, reviewProjection, statusOf } from './projection.js';
import { checkChoice, type DecisionInput, findReview, refused, requestedEvent, reviewQueue } from './queue.js';
import type { Recommendation } from './types.js';

/** People over a model. What it wanted to do, what they said and what came of it are entries of the ledger. */
export interface Oversight {
  /** The rule in force, whether it is stopped, and every command so far; undefined before a rule is set. */
  readonly state: OversightState | undefined;
  /** Sets mode, scope, window and people; only people of the rule so far may. @throws `input/invalid`, `state/precondition` */
  set(rule: OversightRule, command: Command): Promise<void>;
  /** Nothing goes on from now on, neither what is proposed later nor what waits. Anyone may. @throws `state/not-found` */
  stop(command: Command): Promise<void>;
  /** @throws `state/not-found`, `state/precondition` for those who may not */
  resume(command: Command): Promise<void>;
  /**
   * Writes down what the model recommends and says what may happen now. In the loop and on the loop it also becomes a review
   * of the queue with the oversight's name. @throws `state/not-found` without a rule, `input/invalid`
   */
  propose(act: ProposedAct & Acting): Promise<Ruling & { readonly id: string }>;
  /** What may happen now, by everything that has been written anywhere. Ask right before acting. @throws `state/not-found` */
  ruling(id: string, options?: Abortable): Promise<Ruling>;
  /**
   * Decides in the loop, intervenes on the loop: the first person who speaks while the window is open. In a queue, `claim`
   * and `decide` do the same. @throws `state/not-found`, `state/precondition`, `input/invalid`
   */
  decide(id: string, decision: DecisionInput & Acting): Promise<Ruling>;
  /** Writes down which windows have closed. Rulings do not wait for it. */
  settle(options?: Acting): Promise<void>;
  /** What somebody wrote beside a decision; undefined when it was erased. @throws `storage/corrupt` */
  note(ref: PayloadRef, options?: Abortable): Promise<string | undefined>;
}

/** Who commands and why. */
export interface Command extends Acting {
  readonly reason: string;
}

/** What a machine would do, if nobody objects. */
export interface ProposedAct {
  /** Default: a new id. Give one to make proposing twice harmless. */
  readonly id?: string | undefined;
  /** What kind of act it is, for the scope: `refund-below-100`. */
  readonly kind: string;
  /** What it is about: a decision id, a version. */
  readonly subject: string;
  readonly recommendation: Recommendation;
  /** Default `approve` and `reject`. */
  readonly choices?: readonly string[] | undefined;
  readonly question?: string | undefined;
}

/** Where notes are kept, and in whose working time windows run. */
export interface OversightOptions {
  /** Where notes are kept. */
  readonly blobs?: BlobStore | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Windows are working time of this calendar. Default: they run day and night. */
  readonly calendar?: BusinessCalendar | undefined;
}

const WINDOW_MS = 86_400_000;
/** A decision that is made in one go holds its claim for a moment. */
const HOLD_MS = 60_000;

/** Opens the oversight of one kind of acts. */
export async function openOversight(ledger: Ledger, name: string, options: OversightOptions = {}): Promise<Oversight> {
  if (typeof name !== 'string' || name === '' || name.length > 200) throw invalidInput('name', 'a short word', name);
  const { clock = systemClock, random = systemRandom, calendar, blobs } = options;
  const nextId = idSource(clock, random);
  const queue = await reviewQueue(ledger, { clock, random, blobs });
  await ledger.use(oversightProjection);

  /** The ledger's time runs ahead of the clock by a millisecond per commit at most. */
  const now = () => Math.max(clock.now(), ledger.head.time);
  const rulingNow = (id: string): Ruling => {
    const { oversights, proposals } = ledger.state(oversightProjection);
    const proposal = proposals.get(id);
    if (proposal?.oversight !== name) throw notFound('proposal', id);
    const review = ledger.state(reviewProjection).reviews.get(id);
    return rulingOn(proposal, review, oversights.get(name)?.stopped !== undefined, now());
  };
  const standing = (view: LedgerView) => {
    const oversight = view.state(oversightProjection).oversights.get(name);
    if (oversight === undefined) throw notFound('oversight', name);
    return oversight;
  };
  /** A note hangs on the last event: on what the act is about. */
  const write = async (acting: Acting, decide: (view: LedgerView) => readonly NewEvent[]) => {
    const { actor, signal } = acting;
    const note = await sealNote(blobs, acting);
    const annotated = (events: readonly NewEvent[]) =>
      events.map((event, i) => (i === events.length - 1 ? { ...event, data: { ...event.data, ...note } } : event));
    await ledger.commit<undefined>((view) => ({ events: annotated(decide(view)), result: undefined }), {
      actor,
      signal,
    });
  };

  return {
    get state() {
      return ledger.state(oversightProjection).oversights.get(name);
    },
    set: async (rule, { reason, ...acting }) => {
      const data = parseOversightRule(rule);
      if (data === undefined) throw invalidInput('rule', 'a mode, and perhaps a window, a scope and people', rule);
      checkReason(reason);
      await write(acting, (view) => {
        const before = view.state(oversightProjection).oversights.get(name);
        if (before !== undefined) refuseStranger(before, view.actor);
        return [{ type: 'oversight.set', data: { oversight: name, rule: data, reason } }];
      });
    },
    stop: async ({ reason, ...acting }) => {
      checkReason(reason);
      await write(acting, (view) =>
        standing(view).stopped === undefined ? [{ type: 'oversight.stopped', data: { oversight: name, reason } }] : [],
      );
    },
    resume: async ({ reason, ...acting }) => {
      checkReason(reason);
      await write(acting, (view) => {
        const oversight = standing(view);
        refuseStranger(oversight, view.actor);
        if (oversight.stopped === undefined) return [];
        return [{ type: 'oversight.resumed', data: { oversight: name, reason } }];
      });
    },
    async propose(act) {
      const id = act.id ?? nextId<ReviewId>();
      const { kind, subject, recommendation } = act;
      const { choices = ['approve', 'reject'], question = `May it be, as ${recommendation.choice}?` } = act;
      if (typeof kind !== 'string' || kind === '') throw invalidInput('kind', 'a word', kind);
      const request = { queue: name, subject, question, choices, recommendation };
      requestedEvent(id, request);
      const proposed: NewEvent = {
        type: 'oversight.proposed',
        data: { proposal: id, oversight: name, kind, subject, recommendation: { ...defined(recommendation) } },
      };
      await write(act, (view) => {
        const oversight = standing(view);
        const { mode, windowMs = WINDOW_MS, people } = oversight.rule;
        if (view.state(oversightProjection).proposals.has(id)) return [];
        if (mode === 'in-command' || refusal(oversight, kind) !== undefined) return [proposed];
        const dueAt = calendar === undefined ? view.time + windowMs : calendar.add(view.time, windowMs);
        const onTimeout = mode === 'on-the-loop' ? recommendation.choice : undefined;
        return [proposed, requestedEvent(id, { ...request, dueAt, onTimeout, reviewers: people })];
      });
      return { id, ...rulingNow(id) };
    },
    async ruling(id, o = {}) {
      await ledger.refresh(o);
      return rulingNow(id);
    },
    async decide(id, { choice, reason = '', ...acting }) {
      rulingNow(id);
      const token = nextId<ReviewId>();
      await write(acting, (view) => {
        const review = findReview(view.state(reviewProjection).reviews, id);
        checkChoice(review, choice, reason);
        if (!mayClaim(review, view.actor, view.time))
          throw refused(
            review,
            `open to a decision by ${view.actor}`,
            overdue(review, view.time) ? 'overdue' : statusOf(review),
          );
        return [
          { type: 'review.claimed', data: { review: id, token, until: view.time + HOLD_MS } },
          { type: 'review.decided', data: { review: id, token, choice, reason } },
        ];
      });
      return rulingNow(id);
    },
    async settle(acting) {
      await queue.expire(acting);
    },
    note: queue.note,
  };
}

function checkReason(reason: string): void {
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > MAX_REVIEW_TEXT)
    throw invalidInput('reason', `a text of up to ${MAX_REVIEW_TEXT} characters`, reason);
}

function refuseStranger(oversight: OversightState, actor: string): void {
  if (mayCommand(oversight, actor)) return;
  const expected = `one of ${oversight.rule.people?.join(', ')}`;
  throw new MillwrightError('state/precondition', `Only ${expected} may change \`${oversight.name}\`; not ${actor}.`, {
    details: { what: `oversight ${oversight.name}`, expected, actual: actor },
  });
}

function notFound(what: string, id: string): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `There is no ${what} \`${id}\`.`, { details: { what, id } });
}
