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

/** Reads a list as far as somebody looks. `at` must bring its query, be it empty: `versions?model=fraud`. */
export function usePages<T>(at: string, limit = 200): Pages<T> {
  const [list, setList] = useState<List<T>>(() => ({ at, items: [], next: '', error: undefined }));
  const asking = useRef<AbortController>(undefined);
  const shown = list.at === at ? list : { at, items: [], next: '', error: undefined };
  const more = useCallback(() => {
    if (asking.current !== undefined || shown.next === undefined) return;
    const gone = new AbortController();
    asking.current = gone;
    const after = shown.next === '' ? '' : `&after=${encodeURIComponent(shown.next)}`;
    get<Page<T>>(`${at}&limit=${limit}${after}`, gone.signal).then(
      ({ items, next }) => {
        asking.current = undefined;
        setList({ at, items: [...shown.items, ...items], next, error: undefined });
      },
      (error: Error) => {
        if (gone.signal.aborted) return;
        asking.current = undefined;
        setList({ ...shown, next: undefined, error });
      },
    );
  }, [at, shown.next, shown.items, limit]);
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
  return { items: shown.items, open: shown.next !== undefined, error: shown.error, more };
}

interface List<T> {
  readonly at: string;
  readonly items: readonly T[];
  /** Cursor of the next page: empty for the first, undefined after the last. */
  readonly next: string | undefined;
  readonly error: Error | undefined;
}
