/** What others wrote is looked for before an answer, but not more than once a second; that it failed is for the ledger to say. */
export function freshly(
  refresh: () => Promise<unknown>,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let asked = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  return () => {
    if (asking === undefined && now() - asked >= 1_000) {
      asked = now();
      asking = refresh()
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => {
          asking = undefined;
        });
    }
    return asking ?? Promise.resolve();
  };
}
