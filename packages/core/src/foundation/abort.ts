/** Options of everything that waits. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/** Something that holds a resource. `close` may be called twice; `await using` calls it at the end of the block. */
export interface Closable extends AsyncDisposable {
  close(): Promise<void>;
}

/** Makes `close` and `[Symbol.asyncDispose]` from one function that runs once. */
export function closable(release: () => Promise<void> | void): Closable {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= Promise.resolve().then(release);
    return closing;
  };
  return { close, [Symbol.asyncDispose]: close };
}

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first. The listener is removed either way. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    // Also when nobody waits any more: a failure that is not heard ends the process.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
