/**
 * Rejects when the promise's caller has had time to listen. Refusals come at once, and a rejection that nobody hears
 * yet costs Node five times as much as one that somebody does: it is written down as unhandled, and struck out again.
 */
export function rejectSoon(): (reject: (error: unknown) => void, error: unknown) => void {
  let waiting: { readonly reject: (error: unknown) => void; readonly error: unknown }[] = [];

  function tell(): void {
    const all = waiting;
    waiting = [];
    for (const { reject, error } of all) reject(error);
  }

  return (reject, error) => {
    if (waiting.push({ reject, error }) === 1) void NOW.then(tell);
  };
}

const NOW = Promise.resolve();
