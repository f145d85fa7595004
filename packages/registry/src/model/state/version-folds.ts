import type { LedgerEvent } from '@millwright/core/ledger';
import type { infer as Infer } from 'zod/mini';
import { fromFigure } from '../../figure.js';
import { referenceId } from '../../reference.js';
import * as events from '../events.js';
import { indexVersion, markJudged, retagVersion } from '../query/version-index.js';
import type { EvidenceMetric } from '../types.js';
import { type Fold, fold } from './fold.js';
import { changeVersion, findModel } from './state.js';
import type { ModelsState, VersionState } from './types.js';

/** What happens to versions, and what is judged about them. */
export const versionFolds: readonly (readonly [string, Fold])[] = [
  ['version.registered', fold(events.versionRegistered, registered)],
  ['version.tagged', fold(events.versionTagged, (state, data) => tagged(state, data))],
  ['version.deprecated', fold(events.versionDeprecated, (state, data) => onVersion(state, data.version, deprecated))],
  ['version.retired', fold(events.versionRetired, (state, data) => onVersion(state, data.version, retired))],
  ['version.deleted', fold(events.versionDeleted, versionDeleted)],
  ['evidence.attached', fold(events.evidenceAttached, evidenceAttached)],
  ['approval.given', fold(events.approvalGiven, approvalGiven)],
  ['approval.withdrawn', fold(events.approvalWithdrawn, approvalWithdrawn)],
];

function registered(
  state: ModelsState,
  data: Infer<typeof events.versionRegistered>,
  event: LedgerEvent,
): string | undefined {
  const model = findModel(state, data.model) && state.models.change(data.model);
  if (model === undefined) return 'no such model';
  if (data.number !== model.versions.length + 1) return `the next version is ${model.versions.length + 1}`;
  const version: VersionState = {
    id: referenceId(model.id, data.number),
    model,
    number: data.number,
    kind: data.kind,
    artifact: data.artifact,
    size: data.size,
    contract: data.contract,
    contractBlob: data.contractBlob,
    features: data.features,
    madeBy: data.madeBy,
    origin: data.origin,
    description: data.description,
    metrics: new Map(Object.entries(data.metrics).map(([name, figure]) => [name, fromFigure(figure)])),
    tags: new Map(Object.entries(data.tags)),
    evidence: [],
    approvals: [],
    aliases: new Set(),
    pastAliases: new Set(),
    deprecated: false,
    retired: false,
    deleted: undefined,
    judged: false,
    registeredBy: event.actor,
    registeredAt: event.time,
    eventIndex: event.index,
  };
  model.versions.push(version);
  state.catalogue?.versions.push(version);
  if (state.catalogue !== undefined) indexVersion(state.catalogue.index, version);
  return undefined;
}

function tagged(state: ModelsState, data: Infer<typeof events.versionTagged>): string | undefined {
  return onVersion(state, data.version, (version) => {
    for (const [key, value] of Object.entries(data.tags)) retagVersion(state.catalogue?.index, version, key, value);
    return undefined;
  });
}

function deprecated(version: VersionState): string | undefined {
  if (version.retired) return 'the version is retired';
  version.deprecated = true;
  return undefined;
}

function retired(version: VersionState): string | undefined {
  if (version.aliases.size > 0) return 'an alias points to the version';
  version.retired = true;
  leaveHistory(version);
  return undefined;
}

function versionDeleted(
  state: ModelsState,
  data: Infer<typeof events.versionDeleted>,
  { actor: by, time, index: eventIndex }: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    if (version.aliases.size > 0) return 'an alias points to the version';
    version.deleted = { by, reason: data.reason, time, eventIndex };
    leaveHistory(version);
    return undefined;
  });
}

function leaveHistory(version: VersionState): void {
  for (const { before } of version.model.aliases.values())
    for (let at = before.length - 1; at >= 0; at--) if (before[at] === version) before.splice(at, 1);
}

function evidenceAttached(
  state: ModelsState,
  data: Infer<typeof events.evidenceAttached>,
  event: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    version.evidence.push({
      kind: data.kind,
      verdict: data.verdict,
      digest: data.digest,
      policy: data.policy,
      record: data.record,
      sentence: data.sentence,
      metrics: data.metrics.map((m): EvidenceMetric => ({ ...m, value: fromFigure(m.value) })),
      by: event.actor,
      time: event.time,
      eventIndex: event.index,
    });
    return undefined;
  });
}

function approvalGiven(
  state: ModelsState,
  data: Infer<typeof events.approvalGiven>,
  event: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    if (version.retired) return 'the version is retired';
    if (version.approvals.some((a) => a.by === event.actor && a.role === data.role)) return 'given before';
    version.approvals.push({
      role: data.role,
      by: event.actor,
      reason: data.reason,
      time: event.time,
      eventIndex: event.index,
    });
    return undefined;
  });
}

function approvalWithdrawn(
  state: ModelsState,
  data: Infer<typeof events.approvalWithdrawn>,
  event: LedgerEvent,
): string | undefined {
  return onVersion(state, data.version, (version) => {
    const at = version.approvals.findIndex((a) => a.by === event.actor && a.role === data.role);
    if (at < 0) return 'not given by this actor';
    version.approvals.splice(at, 1);
    return undefined;
  });
}

function onVersion(
  state: ModelsState,
  id: string,
  apply: (version: VersionState) => string | undefined,
): string | undefined {
  const version = changeVersion(state, id);
  if (version === undefined || version.deleted !== undefined) return 'no such version';
  const reason = apply(version);
  if (reason === undefined) markJudged(state.catalogue?.index, version);
  return reason;
}
