import { invalidInput } from '@millwright/core';

/** How long the stream is, and how soon after a change an alarm still belongs to it. */
export interface EvaluateOptions {
  /** How many values the stream has. */
  readonly values: number;
  /** An alarm so many values after a change, or sooner, has found it. */
  readonly within: number;
  /** And one so many values before it, where changes are not known to the value. Default 0. */
  readonly before?: number | undefined;
}

/** How a detector did on a stream whose changes are known. A share of nothing is undefined. */
export interface AlarmScore {
  readonly alarms: number;
  /** Share of the alarms that found a change. */
  readonly precision?: number | undefined;
  /** Share of the changes that were found. */
  readonly recall?: number | undefined;
  /** Values from a change to its first alarm, on average over those that were found. */
  readonly delay?: number | undefined;
  readonly falseAlarms: number;
  /** Values outside the time in which changes are found, per false alarm; undefined where there is none. */
  readonly timeBetweenFalseAlarms?: number | undefined;
}

/**
 * Scores alarms against known changes, with the matching of river's `drift.evaluate`: an alarm belongs to the first change
 * in whose time it falls, otherwise it is false. Time between false alarms is the time in which one could be, per false
 * alarm, so that a single one counts too; river's is the mean gap between two.
 *
 * @throws `input/invalid` for changes out of order or a time that is not positive
 */
export function evaluateAlarms(
  alarms: readonly number[],
  changes: readonly number[],
  { values, within, before = 0 }: EvaluateOptions,
): AlarmScore {
  if (!(within > 0)) throw invalidInput('within', 'a number of values above 0', within);
  if (changes.some((at, k) => k > 0 && at < changes[k - 1]!)) throw invalidInput('changes', 'ascending', changes);
  const first = new Map<number, number>();
  let falseAlarms = 0;
  for (const alarm of alarms) {
    const found = changes.find((at) => alarm >= at - before && alarm <= at + within);
    if (found === undefined) falseAlarms++;
    else first.set(found, Math.min(alarm, first.get(found) ?? alarm));
  }
  const delays = [...first].map(([at, alarm]) => alarm - at);
  const watched = covered(changes, { values, within, before });
  return {
    alarms: alarms.length,
    precision: alarms.length === 0 ? undefined : (alarms.length - falseAlarms) / alarms.length,
    recall: changes.length === 0 ? undefined : first.size / changes.length,
    delay: delays.length === 0 ? undefined : delays.reduce((sum, delay) => sum + delay) / delays.length,
    falseAlarms,
    timeBetweenFalseAlarms: falseAlarms === 0 ? undefined : (values - watched) / falseAlarms,
  };
}

/** How many values lie in the time of a change. */
function covered(
  changes: readonly number[],
  { values, within, before }: { readonly [K in keyof EvaluateOptions]-?: number },
): number {
  let [total, until] = [0, 0];
  for (const at of changes) {
    const start = Math.max(until, at - before);
    const end = Math.min(values, at + within + 1);
    if (end <= start) continue;
    total += end - start;
    until = end;
  }
  return total;
}
