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
}

/** Calls `expire` for each member whose deadline (of `clock.monotonic`) has passed; the callee removes it. */
export function deadlines<T extends Timed>(clock: Clock, expire: (member: T) => void): Deadlines<T> {
  let first: Timed | undefined;
  let size = 0;
  let cancel: (() => void) | undefined;
  let dueAt = Number.POSITIVE_INFINITY;

  function schedule(at: number): void {
    cancel?.();
    dueAt = at;
    cancel = clock.schedule(Math.max(0, at - clock.monotonic()), sweep);
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
    // Timers may come a fraction of a millisecond early.
    if (size > 0 && next < dueAt) schedule(next);
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
      if (size > 0 || cancel === undefined) return;
      cancel();
      cancel = undefined;
      dueAt = Number.POSITIVE_INFINITY;
    },
    get size() {
      return size;
    },
  };
}
