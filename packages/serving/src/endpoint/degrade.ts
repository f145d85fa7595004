import { type Clock, defined, invalidInput, systemClock } from '@millwright/core';

/** What is done less well at one rung of the ladder. Each rung stands for itself: name again what should stay. */
export interface Rung<I, O> {
  readonly name: string;
  /** False: no copies for shadow arms. */
  readonly shadows?: boolean | undefined;
  /** Requests go to this arm, which costs less. It must be prepared. */
  readonly arm?: string | undefined;
  /** Cached answers may be older than their time. Needs a cache. */
  readonly stale?: boolean | undefined;
  /** Answers without any model. Undefined: the request is served after all. */
  readonly answer?: ((input: I) => O | undefined) | undefined;
}

/** Steps down while too few requests are answered in time, and up again when it has been quiet. */
export interface DegradeLadder<I, O> {
  /** 0: full service. Otherwise the rungs that were climbed down. */
  readonly level: number;
  /** What holds now; undefined for full service. */
  rung(): Rung<I, O> | undefined;
  /** How a request ended: answered in time, or turned away or late. */
  ended(inTime: boolean, latencyMs: number): void;
}

/** What is given up under load, in which order, and when it is taken back. */
export interface DegradeOptions<I, O> {
  /** From the gentlest to the harshest. */
  readonly rungs: readonly Rung<I, O>[];
  /** Share of requests that must be answered in time. Default 0.95. */
  readonly target?: number | undefined;
  /** Slower answers count as late, though they came. Default none. */
  readonly slowMs?: number | undefined;
  /** How long requests are counted before they are judged again. Default 1,000. */
  readonly windowMs?: number | undefined;
  /** Requests that a window must have before they say anything. Default 20. */
  readonly minRequests?: number | undefined;
  /** How long the target must be kept before a rung is taken back. Default 30,000. */
  readonly clearMs?: number | undefined;
  /** Hears of every step; level 0 is full service. */
  readonly onChange?: ((level: number, rung: Rung<I, O> | undefined) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A ladder with hysteresis: one window below the target is a step down at once, `clearMs` without such a window a step up.
 *
 * @throws `input/invalid` without rungs
 * @example
 * degradeLadder({ rungs: [{ name: 'no shadows', shadows: false }, { name: 'small', shadows: false, arm: 'small' }] })
 */
export function degradeLadder<I, O>(options: DegradeOptions<I, O>): DegradeLadder<I, O> {
  const { rungs, target, slowMs, windowMs, minRequests, clearMs, onChange, clock } = {
    ...DEFAULTS,
    ...defined(options),
  };
  if (rungs.length === 0) throw invalidInput('rungs', 'at least one rung', rungs);
  let level = 0;
  let windowAt = Number.NEGATIVE_INFINITY;
  let quietSince = Number.NEGATIVE_INFINITY;
  let requests = 0;
  let inTimeCount = 0;

  function move(to: number, now: number): void {
    level = to;
    quietSince = now;
    onChange?.(level, rungs[level - 1]);
  }

  function judgeWhenOver(): void {
    const now = clock.monotonic();
    if (now - windowAt >= windowMs) judge(now);
  }

  function judge(now: number): void {
    const missed = requests >= minRequests && inTimeCount < target * requests;
    if (missed) {
      if (level < rungs.length) move(level + 1, now);
      else quietSince = now;
    } else if (level > 0 && now - quietSince >= clearMs) {
      move(level - 1, now);
    }
    windowAt = now;
    requests = 0;
    inTimeCount = 0;
  }

  return {
    get level() {
      return level;
    },
    rung() {
      judgeWhenOver();
      return rungs[level - 1];
    },
    ended(inTime, latencyMs) {
      judgeWhenOver();
      requests++;
      if (inTime && latencyMs <= slowMs) inTimeCount++;
    },
  };
}

/** True for a rung on which requests may get another answer: experiments leave them out. */
export function changesAnswers<I, O>({ arm, stale, answer }: Rung<I, O>): boolean {
  return arm !== undefined || stale === true || answer !== undefined;
}

/** The rung's own answer, if it has one. A failing one is none: the request is served after all. */
export function answerWithoutModel<I, O>({ answer }: Rung<I, O>, input: I): O | undefined {
  try {
    return answer?.(input);
  } catch {
    return undefined;
  }
}

const DEFAULTS = {
  target: 0.95,
  slowMs: Number.POSITIVE_INFINITY,
  windowMs: 1_000,
  minRequests: 20,
  clearMs: 30_000,
  clock: systemClock,
};
