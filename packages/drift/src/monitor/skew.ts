import {
  type Clock,
  type Digest,
  digestJson,
  type EventSource,
  eventHub,
  systemClock,
  type Verdict,
} from '@millwright/core';
import type { Table } from '@millwright/core/table';
import { featureSkew, type SkewOptions, type SkewReport } from '@millwright/core/validation/skew';
import { showShare } from '../show.js';
import { asksForAction, keepTrigger } from '../trigger/keep-trigger.js';
import type { TriggerDecision, TriggerPolicy, TriggerState } from '../trigger/types.js';

/** How offline and online features are paired, and what a difference leads to. */
export interface SkewMonitorOptions extends SkewOptions {
  /** Digest of the feature code that the model was trained with (`digest` of a feature set). Default: not compared. */
  readonly transform?: Digest | undefined;
  readonly policy?: TriggerPolicy | undefined;
  /** Names the monitor in decisions. Default `skew`. */
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly onTrigger?: ((record: SkewRecord) => void) | undefined;
}

/** Whether what was served is what training would have computed. */
export interface SkewRecord {
  readonly format: 'millwright.skew-decision/1';
  readonly monitor: string;
  /** `insufficient` when no row is in both tables and nothing else is wrong. */
  readonly verdict: Verdict;
  /** Row by row and as distributions. */
  readonly report: SkewReport;
  readonly transform: { readonly trained: Digest | undefined; readonly served: Digest | undefined };
  readonly trigger: TriggerDecision;
  readonly sentence: string;
}

/** Compares features of training with those of serving, request by request. */
export interface SkewMonitor {
  readonly events: EventSource<{ compared: SkewRecord }>;
  readonly triggerState: TriggerState;
  /**
   * Compares the features of logged requests (`online`) with those that the training code computes from the same facts.
   *
   * @param options `transform`: digest of the feature code that served
   * @throws as `featureSkew`
   */
  compare(offline: Table, online: Table, options?: { readonly transform?: Digest | undefined }): SkewRecord;
  /** A person has looked. */
  acknowledge(): void;
}

/**
 * Training-serving skew, in three ways: the served feature code is another one (fingerprint), rows have other values than
 * training computes for them (join by id), distributions differ. Each is a fault of the pipeline and no drift, so it
 * escalates and holds: a model that is trained again would only learn the fault.
 *
 * @throws `input/invalid`
 */
export function createSkewMonitor(options: SkewMonitorOptions): SkewMonitor {
  const { name = 'skew', clock = systemClock, transform: trained } = options;
  const trigger = keepTrigger(options.policy);
  const hub = eventHub<{ compared: SkewRecord }>();
  let comparisons = 0;
  return {
    events: hub,
    get triggerState() {
      return trigger.state;
    },
    compare(offline, online, { transform: served } = {}) {
      const report = featureSkew(offline, online, options);
      const transform = { trained, served };
      const faults = [...faultsOfTransform(transform), ...faultsOf(report)];
      const verdict = faults.length > 0 ? 'fail' : trained !== undefined && !served ? 'insufficient' : report.verdict;
      const severity = verdict === 'pass' ? 0 : undefined;
      const key = `${name}/${comparisons++}`;
      const facts = {
        key,
        verdict,
        faults,
        matchedRows: report.matchedRows,
        trained: trained ?? null,
        served: served ?? null,
      };
      const evidence = { key, severity, integrity: faults, digest: digestJson(facts) };
      const decision = trigger.decide(evidence, clock.now());
      const record: SkewRecord = {
        format: 'millwright.skew-decision/1',
        monitor: name,
        verdict,
        report,
        transform,
        trigger: decision,
        sentence: sentenceOf(verdict, faults, report),
      };
      hub.emit('compared', record);
      if (asksForAction(decision)) options.onTrigger?.(record);
      return record;
    },
    acknowledge: trigger.acknowledge,
  };
}

function faultsOfTransform({ trained, served }: SkewRecord['transform']): readonly string[] {
  return trained === undefined || served === undefined || trained === served
    ? []
    : ['features are computed by other code than the model was trained with'];
}

function faultsOf(report: SkewReport): readonly string[] {
  return [...report.features].flatMap(
    ([feature, { verdict, match, mismatch, offlineOnly, onlineOnly, distribution }]) => {
      if (verdict !== 'fail') return [];
      const wrong = mismatch + offlineOnly + onlineOnly;
      if (wrong > 0) return [`\`${feature}\` differs in ${wrong} of ${match + wrong} rows`];
      const moved = distribution === undefined ? '' : ` by ${showShare(distribution.totalVariation)}`;
      return [`\`${feature}\` is distributed otherwise${moved}`];
    },
  );
}

function sentenceOf(verdict: Verdict, faults: readonly string[], report: SkewReport): string {
  switch (verdict) {
    case 'fail':
      return `Training and serving disagree: ${faults.join('; ')}.`;
    case 'pass':
      return `Training and serving agree in ${report.features.size} features of ${report.matchedRows} rows.`;
    case 'insufficient':
      return report.verdict === 'pass'
        ? 'The values agree, but served without the fingerprint of its feature code.'
        : `Nothing to compare: ${report.matchedRows} rows are in both tables.`;
  }
}
