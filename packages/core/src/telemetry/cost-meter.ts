import { invalidInput } from '../foundation/errors.js';

/** What something cost, by whom: amounts of one currency added up per label. */
export interface CostMeter {
  /** Adds `amount` for `label` (`model:flight-delay@3`, `run:retrain`). @throws `input/invalid` unless finite and not negative */
  add(label: string, amount: number, units?: number): void;
  /** Totals by label, dearest first. `perUnit` is NaN where no units were counted. */
  totals(): readonly CostTotal[];
  readonly total: number;
}

/** What was added up under one label. */
export interface CostTotal {
  readonly label: string;
  readonly amount: number;
  readonly units: number;
  /** `amount / units`; NaN without units. */
  readonly perUnit: number;
}

/** A meter for one currency; sums are compensated (Neumaier), so that a million small amounts lose nothing. */
export function costMeter(): CostMeter {
  const sums = new Map<string, { sum: number; lost: number; units: number }>();
  const amountOf = (entry: { readonly sum: number; readonly lost: number }) => entry.sum + entry.lost;
  return {
    add(label, amount, units = 0) {
      if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY))
        throw invalidInput('amount', 'a finite amount of 0 or more', amount);
      let entry = sums.get(label);
      if (entry === undefined) {
        entry = { sum: 0, lost: 0, units: 0 };
        sums.set(label, entry);
      }
      const next = entry.sum + amount;
      entry.lost += entry.sum >= amount ? entry.sum - next + amount : amount - next + entry.sum;
      entry.sum = next;
      entry.units += units;
    },
    totals: () =>
      [...sums]
        .map(([label, entry]) => {
          const amount = amountOf(entry);
          return { label, amount, units: entry.units, perUnit: entry.units === 0 ? Number.NaN : amount / entry.units };
        })
        .sort((a, b) => b.amount - a.amount),
    get total() {
      let total = 0;
      for (const entry of sums.values()) total += amountOf(entry);
      return total;
    },
  };
}
