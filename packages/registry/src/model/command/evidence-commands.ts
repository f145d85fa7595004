import { type Digest, defined, type EvidenceNote, type JsonObject, parseDigest } from '@millwright/core';
import type { Decide, NewEvent } from '@millwright/core/ledger';
import { toFigure } from '../../figure.js';
import type { ReferenceLike } from '../../reference.js';
import { MAX_WORD, parseStatement, parseText } from '../../text.js';
import type { EvidenceMetric } from '../types.js';
import { lifecycle, onVersion, precondition } from './refusal.js';

/** Evidence whose record is stored already. */
export interface StoredEvidence extends EvidenceNote {
  readonly policy?: Digest | undefined;
  readonly record?: Digest | undefined;
  readonly metrics?: readonly EvidenceMetric[] | undefined;
}

/** @throws `state/not-found`, `registry/lifecycle` */
export function attachEvidence(version: ReferenceLike, evidence: StoredEvidence): Decide<string> {
  const event = evidenceAttached(evidence);
  return onVersion(version, (found) => {
    if (found.retired) throw lifecycle(found, 'validated');
    return [event(found.id)];
  });
}

/** The event of a piece of evidence, for whichever version it is about. */
export function evidenceAttached(evidence: StoredEvidence): (version: string) => NewEvent {
  const data: JsonObject = {
    kind: parseStatement(evidence.kind, 'evidence.kind', MAX_WORD),
    verdict: evidence.verdict,
    digest: parseDigest(evidence.digest, 'evidence.digest'),
    sentence: parseText(evidence.sentence ?? '', 'evidence.sentence'),
    metrics: (evidence.metrics ?? []).map((m) => ({
      metric: parseStatement(m.metric, 'evidence metric', MAX_WORD),
      value: toFigure(m.value, m.metric),
      ...defined({ slice: m.slice, rows: m.rows }),
    })),
    ...defined({ record: evidence.record, policy: evidence.policy }),
  };
  return (version) => ({ type: 'evidence.attached', data: { version, ...data } });
}

/** Approving twice in one role changes nothing. @throws `state/not-found`, `registry/lifecycle` */
export function approveVersion(
  version: ReferenceLike,
  approval: { readonly role: string; readonly reason: string },
): Decide<string> {
  const role = parseStatement(approval.role, 'role', MAX_WORD);
  const reason = parseStatement(approval.reason, 'reason');
  return onVersion(version, (found, view) => {
    if (found.retired || found.deprecated) throw lifecycle(found, 'approved');
    if (found.approvals.some((a) => a.by === view.actor && a.role === role)) return [];
    return [{ type: 'approval.given', data: { version: found.id, role, reason } }];
  });
}

/** @throws `state/not-found`, `state/precondition` when this actor gave no such approval */
export function withdrawApproval(
  version: ReferenceLike,
  approval: { readonly role: string; readonly reason: string },
): Decide<string> {
  const role = parseStatement(approval.role, 'role', MAX_WORD);
  const reason = parseStatement(approval.reason, 'reason');
  return onVersion(version, (found, view) => {
    if (!found.approvals.some((a) => a.by === view.actor && a.role === role))
      throw precondition('approval', `one by ${view.actor} in the role \`${role}\``, 'none');
    return [{ type: 'approval.withdrawn', data: { version: found.id, role, reason } }];
  });
}
