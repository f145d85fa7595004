import { type Abortable, isMillwrightError, MillwrightError } from '@millwright/core';

/** What every store does around its operations. */
export interface StoreWork {
  /**
   * Runs an operation. Our own errors and the signal's reason come out as they are, anything else as `storage/failed`.
   * @throws `state/closed` after `close`
   */
  run<T>(operation: string, options: Abortable | undefined, work: () => Promise<T>): Promise<T>;
  /** From now on nothing runs. True the first time. */
  close(): boolean;
}

/** @param failed what becomes of other errors; default `storeFailed` */
export function storeWork(store: string, failed = storeFailed): StoreWork {
  let closed = false;
  return {
    async run(operation, options, work) {
      if (closed) throw new MillwrightError('state/closed', `${store} has been closed.`, { details: { what: store } });
      options?.signal?.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (options?.signal?.aborted === true) throw options.signal.reason;
        throw isMillwrightError(error) ? error : failed(store, operation, error);
      }
    },
    close() {
      const first = !closed;
      closed = true;
      return first;
    },
  };
}

/** What a store could not do, and why. Of the browser's own errors the name says more than the message. */
export function storeFailed(store: string, operation: string, cause: unknown): MillwrightError<'storage/failed'> {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = cause instanceof DOMException ? `${cause.name}: ${message}` : message;
  return new MillwrightError('storage/failed', `${store} could not ${operation}: ${reason}`, {
    details: { store, operation },
    cause,
  });
}
