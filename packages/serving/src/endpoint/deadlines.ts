import type { Clock } from '@millwright/core';

/** A member of the list of what has a deadline. */
export interface Timed {
  readonly deadlineAt: number;
  before: Timed | undefined;
  after: Timed | undefined;
}

/** Everything that has a deadline, with one timer for all: adding and removing cost a few pointers, not a timer each. */
export interface Deadlines<T extends Timed> {
  add(member: T): void;
  remove(member: T): void;
  readonly size: number;
  /** Resolves when it is empty; no later than the last deadline. */
  empty(): Promise<void>;
}

/** Calls `expire` for each member whose deadline (of `clock.monotonic`) has passed; the callee removes it. */
export function deadlines<T extends Timed>(clock: Clock, expire: (member: T) => void): Deadlines<T> {
  let first: Timed | undefined;
  let size = 0;
  let cancel: (() => void) | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  const waiting: (() => void)[] = [];

  function schedule(at: number): void {
    cancel?.();
    dueAt = at;
    cancel = clock.schedule(Math.min(Math.max(0, at - clock.monotonic()), LONGEST_MS), sweep);
  }

  function sweep(): void {
    cancel = undefined;
    dueAt = Number.POSITIVE_INFINITY;
    const now = clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (let member = first; member !== undefined; ) {
      const { after } = member;
      if (member.deadlineAt <= now) expire(member as T);
      else if (member.deadlineAt < next) next = member.deadlineAt;
      member = after;
    }
    // Whoever is told may settle others, and cut the walk short: then it is done again.
    if (size > 0 && cancel === undefined) schedule(Math.min(next, now + RETRY_MS));
  }

  function checkEmpty(): void {
    if (size > 0) return;
    cancel?.();
    cancel = undefined;
    dueAt = Number.POSITIVE_INFINITY;
    for (const resolve of waiting.splice(0)) resolve();
  }

  return {
    add(member) {
      member.after = first;
      if (first !== undefined) first.before = member;
      first = member;
      size++;
      if (member.deadlineAt < dueAt) schedule(member.deadlineAt);
    },
    remove(member) {
      const { before, after } = member;
      if (before !== undefined) before.after = after;
      else if (first === member) first = after;
      else return;
      if (after !== undefined) after.before = before;
      member.before = undefined;
      member.after = undefined;
      size--;
      checkEmpty();
    },
    empty: () => (size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    get size() {
      return size;
    },
  };
}

/** What timers can count to; a longer one would go off at once. */
const LONGEST_MS = 2 ** 31 - 1;
/** Longest time to the next look when the earliest deadline is not known. */
const RETRY_MS = 1_000;
