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
import { mergeProfiles, type TableProfile } from '@millwright/core/profile';
import type { Table } from '@millwright/core/table';
import { asksForAction, keepTrigger } from '../trigger/keep-trigger.js';
import type { TriggerPolicy, TriggerState } from '../trigger/types.js';
import { assembler, type Span } from './assemble.js';
import { type AssessOptions, compareProfiles, plansOf } from './assess.js';
import { type Seasons, seasonOf } from './seasons.js';
import type { Assessment, DriftDecision, SegmentedReference, WindowFacts } from './types.js';
import { checkWindow, type WindowSpec } from './windows.js';

/** What windows of rows are compared with, how α is spent over them, and what a change leads to. */
export interface MonitorOptions extends Pick<AssessOptions, 'columns' | 'multiplicity' | 'integrityAt'> {
  /** What windows are compared with: usually the profile of the training data. */
  readonly reference: TableProfile;
  readonly window: WindowSpec | { readonly rows: number };
  /** Chance of any false alarm in `horizonWindows` windows in a row and over all columns. Default 0.05. */
  readonly alpha?: number | undefined;
  /**
   * Over how many windows α is spent, evenly, so that the promise holds for any so many windows in a row. It needs no
   * independence between windows, which share a reference (online control of the false discovery rate does). Default
   * 365: a year of days.
   */
  readonly horizonWindows?: number | undefined;
  /** Profiles of the reference's hours or weekdays: a window is compared with its like (see `seasonalReference`). */
  readonly seasons?: Seasons | undefined;
  /** Profiles of the reference's segments: records then say in which of them a change is (see `segmentedReference`). */
  readonly segments?: SegmentedReference | undefined;
  /**
   * Compare also with the latest `windows` windows, as `rolling` in the record; α is halved between the two. What is new
   * shows in both; what came slowly, or stays, shows against the reference only, and that is what triggers.
   */
  readonly rolling?: { readonly windows: number; readonly profiles?: readonly TableProfile[] | undefined } | undefined;
  /** What the current state costs per day, as performance estimated without labels says, for the policy's `cost`. */
  readonly lossPerDay?: ((assessment: Assessment, window: WindowFacts) => number | undefined) | undefined;
  /** When evidence becomes an action. */
  readonly policy?: TriggerPolicy | undefined;
  /** Names the monitor in records. Default `monitor`. */
  readonly name?: string | undefined;
  /** Where an earlier monitor stopped. */
  readonly triggerState?: TriggerState | undefined;
  /** Event time of rows that bring none. */
  readonly clock?: Clock | undefined;
  /** Called with every record whose action is not `none` or `insufficient`. */
  readonly onTrigger?: ((record: DriftDecision) => void) | undefined;
}

/** What a monitor tells. */
export interface MonitorEvents {
  /** Every window that was closed. */
  window: DriftDecision;
  /** Those that ask for something. */
  triggered: DriftDecision;
  /** Rows that came after their window had been closed. They are counted, not judged. */
  late: { readonly rows: number; readonly window: number };
}

/** Compares windows of rows with a reference and says when the data have changed. */
export interface Monitor {
  /** Where listeners hear of windows, triggers and late rows. */
  readonly events: EventSource<MonitorEvents>;
  /** Plain data; give it to the next monitor as `triggerState`. */
  readonly triggerState: TriggerState;
  /** The latest windows; give them to the next monitor as `rolling.profiles`. */
  readonly rollingProfiles: readonly TableProfile[];
  /**
   * Takes rows, in any order. `time` is the event time of all of them or the name of the column that holds it; without
   * it the clock's time counts. Returns the records of the windows that this closed.
   *
   * @throws `table/column` when a time column is missing; `input/invalid`
   */
  observe(table: Table, options?: { readonly time?: number | string | undefined }): readonly DriftDecision[];
  /** Takes a part of a window that was profiled elsewhere (another replica, a browser tab) against the same reference. @throws `profile/unmergeable` */
  observeProfile(profile: TableProfile, options: { readonly time: number }): readonly DriftDecision[];
  /** Event time has come this far: closes what ended before, also without rows. */
  advance(timeMs: number): readonly DriftDecision[];
  /** A person has looked at what was escalated: retraining may happen again. */
  acknowledge(): void;
  /** Closes the open windows as partial ones. */
  close(): readonly DriftDecision[];
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
  if (options.rolling !== undefined && !(Number.isInteger(options.rolling.windows) && options.rolling.windows > 0))
    throw invalidInput('rolling.windows', 'an integer above 0', options.rolling.windows);
  const trigger = keepTrigger(options.policy, options.triggerState);
  const plans = plansOf(reference, options.columns);
  for (const column of plans.keys())
    if (!reference.columns.has(column)) throw invalidInput('columns', 'columns of the reference', column);
  const windowAlpha = alpha / horizonWindows;
  const plan = digestJson(planData(options, plans.keys(), windowAlpha));
  const hub = eventHub<MonitorEvents>();
  const windows = assembler(spec, reference, [...plans.keys()], (event) => hub.emit('late', event), options.segments);
  let latest = options.rolling?.profiles ?? [];
  let lastClosed: number | undefined;
  let closed = false;

  const compare = (against: TableProfile, profile: TableProfile) =>
    compareProfiles(against, profile, {
      ...options,
      alpha: options.rolling === undefined ? windowAlpha : windowAlpha / 2,
    });

  const closeWindow = ({ index, startMs, endMs, window }: Span, partial: boolean): DriftDecision => {
    const profile = window.profile();
    const emptyBefore = lastClosed === undefined ? 0 : index - lastClosed - 1;
    const facts: WindowFacts = { index, startMs, endMs, rows: profile.rowCount, partial, emptyBefore };
    lastClosed = index;
    const season = startMs === undefined ? undefined : seasonOf(options.seasons, startMs);
    const faults = window.faults();
    const compared = withFaults(compare(season?.profile ?? reference, profile), faults);
    const place =
      compared.verdict === 'drift' ? options.segments?.attribute(compared, window.segments(), options) : undefined;
    const assessment = place === undefined ? compared : { ...compared, sentence: place.sentence };
    const rolling = rollingAssessment(latest, options.rolling?.windows, (against) => compare(against, profile));
    if (options.rolling !== undefined && !partial && isWhole(profile, reference, plans.keys()) && faults.length === 0)
      latest = [...latest, profile].slice(-options.rolling.windows);
    // Windows of rows have no place in time, and their numbers begin anew with every monitor.
    const key = `${name}/${reference.digest}/${startMs ?? `${index} ${profile.digest}`}`;
    const severity = partial ? undefined : assessment.severity;
    const integrity = partial ? [] : assessment.integrity;
    const lossPerDay = options.lossPerDay?.(assessment, facts);
    const now = endMs ?? clock.now();
    const decision = trigger.decide({ key, severity, integrity, lossPerDay, digest: profile.digest }, now);
    const base = {
      format: 'millwright.drift-decision/1',
      monitor: name,
      window: facts,
      ...assessment,
      trigger: decision,
      reference: reference.digest,
      season: season && { name: season.name, reference: season.profile.digest },
      rolling,
      segments: place?.shares,
      profile: profile.digest,
      plan,
      alpha: windowAlpha,
    } as const;
    // NaN and undefined have no canonical form; in records they are null and absent.
    const record: DriftDecision = { ...base, digest: digestJson(JSON.parse(JSON.stringify(base))) };
    hub.emit('window', record);
    if (asksForAction(decision)) {
      hub.emit('triggered', record);
      options.onTrigger?.(record);
    }
    return record;
  };

  const judge = (partial = false) => windows.take(partial).map((span) => closeWindow(span, partial));
  const requireOpen = () => {
    if (closed)
      throw new MillwrightError('state/closed', `The monitor \`${name}\` is closed.`, { details: { what: name } });
  };

  return {
    events: hub,
    get triggerState() {
      return trigger.state;
    },
    get rollingProfiles() {
      return latest;
    },
    observe(table, { time } = {}) {
      requireOpen();
      if (table.rowCount > 0) windows.add(table, time ?? clock.now());
      return judge();
    },
    observeProfile(profile, { time }) {
      requireOpen();
      windows.addProfile(profile, time);
      return judge();
    },
    advance(timeMs) {
      requireOpen();
      windows.advance(timeMs);
      return judge();
    },
    acknowledge: trigger.acknowledge,
    close() {
      if (closed) return [];
      closed = true;
      return judge(true);
    },
  };
}

/** Against the latest windows together, once there are enough. */
function rollingAssessment(
  latest: readonly TableProfile[],
  windows: number | undefined,
  compare: (against: TableProfile) => Assessment,
): DriftDecision['rolling'] {
  const [first, ...rest] = latest;
  if (first === undefined || latest.length !== windows) return undefined;
  const reference = rest.reduce(mergeProfiles, first);
  return { ...compare(reference), reference: reference.digest, windows };
}

/** Every column is there, as the kind that it was: profiles of such windows merge. */
function isWhole(profile: TableProfile, reference: TableProfile, columns: Iterable<string>): boolean {
  return [...columns].every((name) => profile.columns.get(name)?.type === reference.columns.get(name)?.type);
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
    seasons: [...(options.seasons?.profiles ?? [])].map(([season, profile]) => [season, profile.digest]),
    rolling: options.rolling?.windows ?? 0,
    ...(options.segments && {
      segments: [...options.segments.profiles].map(([segment, profile]) => [segment, profile.digest]),
    }),
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
