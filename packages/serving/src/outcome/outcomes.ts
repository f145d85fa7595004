import { checkOutcome, type Outcome } from './outcome-join.js';

/** Where a host reports what became of decisions, once, for everybody who wants to know: rollouts, monitors, logs. */
export interface Outcomes {
  /** Notes an outcome, from anywhere and at any time after the decision. @throws `input/invalid` for a value that is no number */
  record(outcome: Outcome): void;
  /** Calls `observer` with every outcome, synchronously, until the returned function is called. */
  observe(observer: (outcome: Outcome) => void): () => void;
}

/** An `Outcomes` that hands on and keeps nothing. What an observer throws is reported later and stops nobody. */
export function outcomeHub(): Outcomes {
  const observers = new Set<(outcome: Outcome) => void>();
  return {
    record(outcome) {
      checkOutcome(outcome);
      for (const observer of observers) {
        try {
          observer(outcome);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    observe(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  };
}
