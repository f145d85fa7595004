/** Lets one task run at a time, in the order in which they came. */
export interface Lock {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function lock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const mine = last.then(task, task);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** No lock at all: for providers that are synchronous anyway. */
export const noLock: Lock = { run: (task) => task() };
