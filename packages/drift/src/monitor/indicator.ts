import { type Clock, digestJson, type EventSource, eventHub, invalidInput, systemClock } from '@millwright/core';
import { show } from '../show.js';
import { eDetector } from '../stream/e-detector.js';
import { meanOf } from '../sums.js';
import { keepTrigger } from '../trigger/keep-trigger.js';
import type { TriggerDecision, TriggerPolicy, TriggerState } from '../trigger/types.js';

/** What is normal for an indicator, which change is bad, and how rarely a false alarm may come. */
export interface IndicatorMonitorOptions {
  /** Names the indicator in records and sentences: `conversion`, `revenue per visit`. */
  readonly name: string;
  /** What was normal: the mean, or the values themselves (a 90 % bound on their mean is taken). */
  readonly baseline: number | Float64Array;
  /** Least and largest value. Larger ones must be cut off at the source: one of them could hide everything else. Default 0 to 1. */
  readonly range?: readonly [number, number] | undefined;
  /** Which change is bad. Default `down`. */
  readonly direction?: 'up' | 'down' | undefined;
  /** Values between false alarms, on average at least. Default 20_000. */
  readonly arl?: number | undefined;
  /** A recent mean this far from the baseline, in its units, has severity 1. Default: a tenth of the baseline's. */
  readonly margin?: number | undefined;
  /** What an alarm leads to. By default a single alarm retrains: its error rate is controlled already. */
  readonly policy?: TriggerPolicy | undefined;
  readonly clock?: Clock | undefined;
  readonly onTrigger?: ((alarm: IndicatorAlarm) => void) | undefined;
}

/** An indicator has changed for the worse. */
export interface IndicatorAlarm {
  readonly name: string;
  /** How many values had come when it was found. */
  readonly values: number;
  /** Mean of the latest values. */
  readonly recent: { readonly mean: number; readonly values: number };
  readonly baseline: number;
  readonly trigger: TriggerDecision;
  readonly sentence: string;
}

/** Watches a bounded business figure, value by value. Looked at after each one, it keeps its average run length. */
export interface IndicatorMonitor {
  readonly events: EventSource<{ alarm: IndicatorAlarm }>;
  readonly triggerState: TriggerState;
  /** Takes values as they arrive. @throws `input/invalid` outside the range; nothing of the call is taken then */
  observe(values: Float64Array | readonly number[]): readonly IndicatorAlarm[];
  /** A person has looked. */
  acknowledge(): void;
}

/** Latest values that an alarm reports. */
const RECENT = 512;

/**
 * Watches a business indicator, one value per visit, order or case: conversion, revenue, handling time. Whether the
 * inputs drifted or not, this is what the model is for. The promised run length holds while no value, given those before
 * it, is expected to be worse than the baseline. Independent they need not be, but where bad days are normal the baseline is that of bad days.
 *
 * @throws `input/invalid`
 */
export function createIndicatorMonitor(options: IndicatorMonitorOptions): IndicatorMonitor {
  const { name, baseline, range = [0, 1], direction = 'down', arl, clock = systemClock } = options;
  const trigger = keepTrigger({ confirm: { count: 1, of: 1 }, ...options.policy });
  const detector = eDetector.init({ baseline, range, direction, arl });
  const normal = typeof baseline === 'number' ? baseline : meanOf(baseline);
  const margin = options.margin ?? Math.abs(normal) / 10;
  if (!(margin > 0)) throw invalidInput('margin', 'a number above 0', margin);
  const hub = eventHub<{ alarm: IndicatorAlarm }>();
  const latest = new Float64Array(RECENT);
  let seen = 0;

  const alarm = (): IndicatorAlarm => {
    const values = Math.min(seen, RECENT);
    const recent = { mean: meanOf(latest.subarray(0, values)), values };
    // Severity 1 is the alarm itself: the mean of the latest values also holds those from before the change.
    const severity = Math.max(1, Math.abs(recent.mean - normal) / margin);
    const evidence = {
      key: `${name}/${seen}`,
      severity,
      integrity: [],
      digest: digestJson({ name, seen, recent: { ...recent } }),
    };
    const decision = trigger.decide(evidence, clock.now());
    const word = direction === 'down' ? 'fallen' : 'risen';
    const sentence = `${name} has ${word}: ${show(recent.mean)} on average in the last ${values} values, ${show(normal)} before.`;
    const found = { name, values: seen, recent, baseline: normal, trigger: decision, sentence };
    hub.emit('alarm', found);
    options.onTrigger?.(found);
    return found;
  };

  return {
    events: hub,
    get triggerState() {
      return trigger.state;
    },
    observe(values) {
      const [low, high] = range;
      for (const value of values)
        if (!(value >= low && value <= high)) throw invalidInput('value', `a number from ${low} to ${high}`, value);
      const alarms: IndicatorAlarm[] = [];
      for (const value of values) {
        latest[seen++ % RECENT] = value;
        if (detector.update(value) === 2) alarms.push(alarm());
      }
      return alarms;
    },
    acknowledge: trigger.acknowledge,
  };
}
