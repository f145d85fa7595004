import {
  type Clock,
  canonicalJson,
  digestJson,
  type EventSource,
  eventHub,
  invalidInput,
  MillwrightError,
  systemClock,
} from '@millwright/core';
import type { TableProfile } from '@millwright/core/profile';
import { sliceTable, type Table } from '@millwright/core/table';
import { acknowledge, checkPolicy, QUIET, reduceTrigger } from '../trigger/reduce.js';
import type { TriggerPolicy, TriggerState } from '../trigger/types.js';
import { type AssessOptions, compareProfiles, plansOf } from './assess.js';
import { type OpenWindow, openWindow } from './open-window.js';
import type { Assessment, DecisionRecord, WindowFacts } from './types.js';
import { boundsOf, checkWindow, splitByTime, type WindowPart, type WindowSpec } from './windows.js';

export interface MonitorOptions extends Pick<AssessOptions, 'columns' | 'multiplicity' | 'integrityAt'> {
  /** What windows are compared with: usually the profile of the training data. */
  readonly reference: TableProfile;
  readonly window: WindowSpec | { readonly rows: number };
  /** Chance of any false alarm over `horizonWindows` windows and all columns. Default 0.05. */
  readonly alpha?: number | undefined;
  /** Over how many windows α is spent, evenly. Default 365: a year of days. */
  readonly horizonWindows?: number | undefined;
  /** When evidence becomes an action. */
  readonly policy?: TriggerPolicy | undefined;
  /** Names the monitor in records. Default `monitor`. */
  readonly name?: string | undefined;
  /** Where an earlier monitor stopped. */
  readonly triggerState?: TriggerState | undefined;
  /** Event time of rows that bring none. */
  readonly clock?: Clock | undefined;
  /** Called with every record whose action is not `none` or `insufficient`. */
  readonly onTrigger?: ((record: DecisionRecord) => void) | undefined;
}

export interface MonitorEvents {
  /** Every window that was closed. */
  window: DecisionRecord;
  /** Those that ask for something. */
  triggered: DecisionRecord;
  /** Rows that came after their window had been closed. They are counted, not judged. */
  late: { readonly rows: number; readonly window: number };
}

export interface Monitor {
  readonly events: EventSource<MonitorEvents>;
  /** Plain data; give it to the next monitor as `triggerState`. */
  readonly triggerState: TriggerState;
  /**
   * Takes rows, in any order. `time` is the event time of all of them or the name of the column that holds it; without
   * it the clock's time counts. Returns the records of the windows that this closed.
   *
   * @throws `table/column` when a time column is missing; `input/invalid`
   */
  observe(table: Table, options?: { readonly time?: number | string | undefined }): readonly DecisionRecord[];
  /** Takes a part of a window that was profiled elsewhere (another replica, a browser tab) against the same reference. @throws `profile/unmergeable` */
  observeProfile(profile: TableProfile, options: { readonly time: number }): readonly DecisionRecord[];
  /** Event time has come this far: closes what ended before, also without rows. */
  advance(timeMs: number): readonly DecisionRecord[];
  /** A person has looked at what was escalated: retraining may happen again. */
  acknowledge(): void;
  /** Closes the open windows as partial ones. */
  close(): readonly DecisionRecord[];
}

/**
 * Watches rows window by window against a reference. Windows close by event time; every window gives a decision record.
 * A change alarms when it is beyond chance over all columns and all windows of the horizon, and of practical size;
 * what follows from alarms is for the trigger policy.
 *
 * @throws `input/invalid`
 */
export function createMonitor(options: MonitorOptions): Monitor {
  const { reference, alpha = 0.05, horizonWindows = 365, name = 'monitor', clock = systemClock } = options;
  if (!(alpha > 0 && alpha < 1)) throw invalidInput('alpha', 'a number between 0 and 1', alpha);
  if (!(horizonWindows >= 1)) throw invalidInput('horizonWindows', 'a number of 1 or more', horizonWindows);
  const spec = checkWindow('by' in options.window ? options.window : { by: 'rows', rows: options.window.rows });
  const policy = checkPolicy(options.policy);
  const plans = plansOf(reference, options.columns);
  for (const column of plans.keys())
    if (!reference.columns.has(column)) throw invalidInput('columns', 'columns of the reference', column);
  const windowAlpha = alpha / horizonWindows;
  const plan = digestJson(planData(options, plans.keys(), windowAlpha));
  const hub = eventHub<MonitorEvents>();
  const open = new Map<number, OpenWindow>();
  let trigger = options.triggerState ?? QUIET;
  let watermark = Number.NEGATIVE_INFINITY;
  let lastClosed: number | undefined;
  let closed = false;

  const add = (part: WindowPart) => {
    if (lastClosed !== undefined && part.index <= lastClosed) {
      hub.emit('late', { rows: part.table.rowCount, window: part.index });
      return;
    }
    windowAt(part.index).add(part.table);
    if (part.latestMs !== undefined && part.latestMs > watermark) watermark = part.latestMs;
  };
  const windowAt = (index: number) => {
    let window = open.get(index);
    if (window === undefined) {
      window = openWindow(reference, [...plans.keys()]);
      open.set(index, window);
    }
    return window;
  };
  const due = () => {
    if (spec.by === 'rows') return [...open].filter(([, window]) => window.rows >= spec.rows);
    return [...open].filter(([index]) => boundsOf(spec, index).endMs! + (spec.latenessMs ?? 0) <= watermark);
  };
  const closeAll = (windows: readonly [number, OpenWindow][], partial: boolean) =>
    [...windows].sort(([a], [b]) => a - b).map(([index, window]) => closeWindow(index, window, partial));

  const closeWindow = (index: number, window: OpenWindow, partial: boolean): DecisionRecord => {
    open.delete(index);
    const profile = window.profile();
    const facts: WindowFacts = {
      index,
      ...boundsOf(spec, index),
      rows: profile.rowCount,
      partial,
      emptyBefore: lastClosed === undefined ? 0 : index - lastClosed - 1,
    };
    lastClosed = index;
    const assessment = withFaults(
      compareProfiles(reference, profile, { ...options, alpha: windowAlpha }),
      window.faults(),
    );
    const key = `${name}/${reference.digest}/${index}`;
    const severity = partial ? undefined : assessment.severity;
    const integrity = partial ? [] : assessment.integrity;
    const now = facts.endMs ?? clock.now();
    const step = reduceTrigger(policy, trigger, { key, severity, integrity, digest: profile.digest }, now);
    trigger = step.state;
    const base = {
      format: 'millwright.drift-decision/1',
      monitor: name,
      window: facts,
      ...assessment,
      trigger: step.decision,
      reference: reference.digest,
      profile: profile.digest,
      plan,
      alpha: windowAlpha,
    } as const;
    // NaN and undefined have no canonical form; in records they are null and absent.
    const record: DecisionRecord = { ...base, digest: digestJson(JSON.parse(JSON.stringify(base))) };
    hub.emit('window', record);
    if (step.decision.action !== 'none' && step.decision.action !== 'insufficient') {
      hub.emit('triggered', record);
      options.onTrigger?.(record);
    }
    return record;
  };

  const requireOpen = () => {
    if (closed)
      throw new MillwrightError('state/closed', `The monitor \`${name}\` is closed.`, { details: { what: name } });
  };

  return {
    events: hub,
    get triggerState() {
      return trigger;
    },
    observe(table, { time } = {}) {
      requireOpen();
      if (table.rowCount === 0) return [];
      if (spec.by === 'rows') {
        const records: DecisionRecord[] = [];
        for (let start = 0; start < table.rowCount; ) {
          const index = (lastClosed ?? -1) + 1;
          const end = Math.min(table.rowCount, start + spec.rows - windowAt(index).rows);
          add({ index, table: sliceTable(table, start, end), latestMs: undefined });
          records.push(...closeAll(due(), false));
          start = end;
        }
        return records;
      }
      for (const part of splitByTime(table, spec, time ?? clock.now())) add(part);
      return closeAll(due(), false);
    },
    observeProfile(profile, { time }) {
      requireOpen();
      const index =
        spec.by === 'rows' ? (lastClosed ?? -1) + 1 : Math.floor((time - (spec.originMs ?? 0)) / spec.everyMs);
      if (lastClosed !== undefined && index <= lastClosed) {
        hub.emit('late', { rows: profile.rowCount, window: index });
        return [];
      }
      windowAt(index).addProfile(profile);
      watermark = Math.max(watermark, time);
      return closeAll(due(), false);
    },
    advance(timeMs) {
      requireOpen();
      watermark = Math.max(watermark, timeMs);
      return closeAll(due(), false);
    },
    acknowledge() {
      trigger = acknowledge(trigger);
    },
    close() {
      if (closed) return [];
      const records = closeAll([...open], true);
      closed = true;
      return records;
    },
  };
}

/** Faults of single batches count like those of the whole window. */
function withFaults(assessment: Assessment, faults: readonly string[]): Assessment {
  const integrity = [...new Set([...assessment.integrity, ...faults])];
  return faults.length === 0
    ? assessment
    : { ...assessment, integrity, verdict: 'drift', sentence: `${integrity[0]}.` };
}

/** The part of the options that decides, as data with a digest. */
function planData(options: MonitorOptions, columns: Iterable<string>, alpha: number) {
  const plans = options.columns !== undefined && !Array.isArray(options.columns) ? options.columns : {};
  return {
    window: JSON.parse(canonicalJson(JSON.parse(JSON.stringify(options.window)))),
    alpha,
    multiplicity: options.multiplicity ?? 'bh',
    integrityAt: options.integrityAt ?? 0.2,
    columns: [...columns].map((name) => {
      const plan = new Map(Object.entries(plans)).get(name);
      return {
        name,
        test: plan?.test?.id ?? 'distribution',
        margins: { ...plan?.margins },
        without: [...(plan?.without ?? [])],
      };
    }),
  };
}
