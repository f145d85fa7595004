import { type Clock, digestJson, type EventSource, eventHub, invalidInput, systemClock } from '@millwright/core';
import { clopperPearson } from '@millwright/core/statistics';
import { eDetector } from '../stream/e-detector.js';
import { keepTrigger } from '../trigger/keep-trigger.js';
import type { TriggerDecision, TriggerPolicy, TriggerState } from '../trigger/types.js';

/** How often the model may be wrong, and how rarely a false alarm may come. */
export interface ErrorRateMonitorOptions {
  /** How often the model was wrong when it was accepted: a rate, or counts (their upper 90 % bound is taken). */
  readonly baseline: number | { readonly count: number; readonly rows: number };
  /** Labels between false alarms, on average at least. Default 20_000. */
  readonly arl?: number | undefined;
  /** What an alarm leads to. By default a single alarm retrains: its error rate is controlled already. */
  readonly policy?: TriggerPolicy | undefined;
  /** Names the monitor in decisions. Default `error-rate`. */
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly onTrigger?: ((alarm: ErrorRateAlarm) => void) | undefined;
}

/** The error rate has risen. */
export interface ErrorRateAlarm {
  /** How many labels had come when it was found. */
  readonly labels: number;
  /** Wrong among the latest ones. */
  readonly recent: { readonly count: number; readonly rows: number };
  readonly baseline: number | { readonly count: number; readonly rows: number };
  readonly trigger: TriggerDecision;
  readonly sentence: string;
}

/** Watches a model's errors, label by label. Looked at after each one, it keeps its average run length. */
export interface ErrorRateMonitor {
  readonly events: EventSource<{ alarm: ErrorRateAlarm }>;
  readonly triggerState: TriggerState;
  /** How many labels were taken, and how many said wrong. */
  readonly seen: { readonly count: number; readonly rows: number };
  /** Takes labels as they arrive, in any order and with any delay: 1 where the model was wrong, 0 where it was right. @throws `input/invalid` for anything else */
  observe(wrong: ArrayLike<number | boolean>): readonly ErrorRateAlarm[];
  /** A person has looked. */
  acknowledge(): void;
}

/** Latest labels that an alarm reports. */
const RECENT = 512;

/**
 * Watches realised performance: an e-detector over labels. Late and few labels only delay it; the promised run length
 * holds while no label, given those before it, is wrong more often than the baseline. Independent they need not be.
 *
 * @throws `input/invalid`
 */
export function createErrorRateMonitor(options: ErrorRateMonitorOptions): ErrorRateMonitor {
  const { baseline, arl, name = 'error-rate', clock = systemClock } = options;
  const trigger = keepTrigger({ confirm: { count: 1, of: 1 }, ...options.policy });
  const detector = eDetector.init({ baseline, arl });
  const normal = typeof baseline === 'number' ? baseline : baseline.count / baseline.rows;
  // What the detector tests against: counts may have been lucky, and none wrong of a few is no rate of 0.
  const bound =
    typeof baseline === 'number' ? baseline : clopperPearson({ count: baseline.count, n: baseline.rows }, 0.8).upper;
  const hub = eventHub<{ alarm: ErrorRateAlarm }>();
  const latest = new Uint8Array(RECENT);
  let rows = 0;
  let count = 0;

  const alarm = (): ErrorRateAlarm => {
    const shown = Math.min(rows, RECENT);
    const recent = { count: latest.subarray(0, shown).reduce((sum, wrong) => sum + wrong, 0), rows: shown };
    const rate = recent.count / recent.rows;
    // Severity 1 is the alarm itself; a rate far above the baseline is more likely a broken label feed.
    const severity = Math.max(1, rate / bound / 2);
    const evidence = {
      key: `${name}/${rows}`,
      severity,
      integrity: [],
      digest: digestJson({ name, rows, count, recent: { ...recent } }),
    };
    const decision = trigger.decide(evidence, clock.now());
    const sentence = `The error rate has risen: ${(rate * 100).toPrecision(3)} % of the last ${recent.rows} labels, ${(normal * 100).toPrecision(3)} % before.`;
    const found = { labels: rows, recent, baseline, trigger: decision, sentence };
    hub.emit('alarm', found);
    options.onTrigger?.(found);
    return found;
  };

  return {
    events: hub,
    get triggerState() {
      return trigger.state;
    },
    get seen() {
      return { count, rows };
    },
    observe(wrong) {
      const values = Array.from(wrong, Number);
      // Before any is taken: whoever sends the labels again must not count some of them twice.
      for (const value of values)
        if (value !== 0 && value !== 1) throw invalidInput('wrong', '1 (wrong) or 0 (right)', value);
      const alarms: ErrorRateAlarm[] = [];
      for (const value of values) {
        latest[rows++ % RECENT] = value;
        count += value;
        if (detector.update(value) === 2) alarms.push(alarm());
      }
      return alarms;
    },
    acknowledge: trigger.acknowledge,
  };
}
