import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api.js';

/** What was asked for, as far as it is there. While it is asked for again, the last answer stays. */
export interface Resource<T> {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  reload(): void;
}

/** Asks the service, and again every so many milliseconds while the page is looked at. Undefined asks nothing. */
export function useResource<T>(at: string | undefined, everyMs?: number | undefined): Resource<T> {
  const [answer, setAnswer] = useState<{ readonly at?: string | undefined; readonly data?: T; readonly error?: Error }>(
    {},
  );
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (at === undefined) return;
    const gone = new AbortController();
    get<T>(at, gone.signal).then(
      (data) => setAnswer({ at, data }),
      (error: Error) => {
        if (!gone.signal.aborted) setAnswer((last) => ({ ...(last.at === at ? last : {}), at, error }));
      },
    );
    return () => gone.abort();
  }, [at, round]);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (!document.hidden) setRound((n) => n + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const mine = answer.at === at;
  return {
    data: mine ? answer.data : undefined,
    error: mine ? answer.error : undefined,
    reload: useCallback(() => setRound((n) => n + 1), []),
  };
}

/** A list that the service gives page by page. */
export interface Pages<T> {
  readonly items: readonly T[];
  /** Nothing has been answered yet, or more is there. */
  readonly open: boolean;
  readonly error: Error | undefined;
  /** Asks for the next page, unless it is being asked for. */
  more(): void;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

/** How a list is kept up to date whose newest entries come first. */
export interface Fresh<T> {
  readonly everyMs: number;
  keyOf(item: T): string;
}

/**
 * Reads a list as far as somebody looks, and the newest page again where it is to stay fresh. `at` must bring its query, be
 * it empty: `versions?model=fraud`.
 */
export function usePages<T>(at: string, fresh?: Fresh<T>): Pages<T> {
  const [list, setList] = useState<List<T>>(() => empty(at));
  const asking = useRef<AbortController>(undefined);
  const shown = list.at === at ? list : empty<T>(at);
  const more = useCallback(() => {
    if (asking.current !== undefined || shown.next === undefined) return;
    const gone = new AbortController();
    asking.current = gone;
    const after = shown.next === '' ? '' : `&after=${encodeURIComponent(shown.next)}`;
    get<Page<T>>(`${at}&limit=${LIMIT}${after}`, gone.signal).then(
      ({ items, next }) => {
        asking.current = undefined;
        setList((last) => ({ at, items: [...(last.at === at ? last.items : []), ...items], next, error: undefined }));
      },
      (error: Error) => {
        if (gone.signal.aborted) return;
        asking.current = undefined;
        setList({ ...shown, next: undefined, error });
      },
    );
  }, [at, shown.next, shown.items]);
  useEffect(
    () => () => {
      asking.current?.abort();
      asking.current = undefined;
    },
    [at],
  );
  useEffect(() => {
    if (shown.items.length === 0) more();
  }, [at]);
  useEffect(() => {
    if (fresh === undefined) return;
    const gone = new AbortController();
    const ask = () =>
      get<Page<T>>(`${at}&limit=${LIMIT}`, gone.signal).then(
        (page) => setList((last) => (last.at === at ? renewed(last, page, fresh.keyOf) : last)),
        (error: Error) => {
          if (!gone.signal.aborted) setList((last) => (last.at === at ? { ...last, error } : last));
        },
      );
    const timer = setInterval(() => {
      if (!document.hidden && asking.current === undefined) ask();
    }, fresh.everyMs);
    return () => {
      clearInterval(timer);
      gone.abort();
    };
  }, [at, fresh]);
  return { items: shown.items, open: shown.next !== undefined, error: shown.error, more };
}

const LIMIT = 200;

function empty<T>(at: string): List<T> {
  return { at, items: [], next: '', error: undefined };
}

/** The newest page before what was known and is not on it. After a failure, nothing is known. */
function renewed<T>(last: List<T>, { items, next }: Page<T>, keyOf: Fresh<T>['keyOf']): List<T> {
  if (last.error !== undefined || last.items.length === 0) return { at: last.at, items, next, error: undefined };
  const seen = new Set(items.map(keyOf));
  return { ...last, items: [...items, ...last.items.filter((item) => !seen.has(keyOf(item)))] };
}

interface List<T> {
  readonly at: string;
  readonly items: readonly T[];
  /** Cursor of the next page: empty for the first, undefined after the last. */
  readonly next: string | undefined;
  readonly error: Error | undefined;
}
