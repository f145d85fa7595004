import { type Digest, digestJson, invalidInput, type Json, parseDigest, type Verdict } from '@millwright/core';
import { plainJson } from '../../json-blob.js';
import type { EvidenceMetric } from '../types.js';

/**
 * Anything that judges a version: a gate's verdict, a validation report, a rollout's decision, a record of one's own.
 * It must carry a `verdict`, or a `decision` of a gate (promote = pass, block = fail, hold = insufficient).
 */
export interface EvidenceLike {
  /** Default: `gate` for what carries a decision; otherwise it must be given here or in the options. */
  readonly kind?: string | undefined;
  readonly verdict?: Verdict | undefined;
  readonly decision?: 'promote' | 'block' | 'hold' | undefined;
  /** Of the report itself. Default: the digest of its JSON. */
  readonly digest?: Digest | undefined;
  /** Of the rules that it was judged by, as a gate's verdict names them. */
  readonly policyDigest?: Digest | undefined;
  readonly sentence?: string | undefined;
  /** Figures for policies and model cards: `[{ metric: 'auc', slice: 'origin=ORD', value: 0.71 }]`, or `{ auc: 0.71 }`. */
  readonly metrics?: readonly EvidenceMetric[] | Readonly<Record<string, number>> | undefined;
}

/** What is stored of a piece of evidence: the note for the ledger, and the whole record for the blob store. */
export interface EvidenceParts {
  readonly kind: string;
  readonly verdict: Verdict;
  readonly digest: Digest;
  readonly policy: Digest | undefined;
  readonly sentence: string;
  readonly metrics: readonly EvidenceMetric[];
  readonly record: Json;
}

/** @throws `input/invalid` when it says neither a verdict nor a kind */
export function evidenceParts(evidence: EvidenceLike, kind: string | undefined = evidence.kind): EvidenceParts {
  const word = kind ?? (evidence.decision === undefined ? undefined : 'gate');
  if (word === undefined)
    throw invalidInput('evidence.kind', 'a word such as `gate` or `validation`', kind, 'Pass it in the options.');
  const verdict = evidence.verdict ?? VERDICTS.get(evidence.decision);
  if (verdict === undefined || !WORDS.has(verdict))
    throw invalidInput('evidence.verdict', '`pass`, `fail` or `insufficient`', evidence.verdict ?? evidence.decision);
  const record = plainJson(evidence);
  return {
    kind: word,
    verdict,
    digest: evidence.digest === undefined ? digestJson(record) : parseDigest(evidence.digest, 'evidence.digest'),
    policy:
      evidence.policyDigest === undefined ? undefined : parseDigest(evidence.policyDigest, 'evidence.policyDigest'),
    sentence: evidence.sentence ?? '',
    metrics: figures(evidence.metrics),
    record,
  };
}

const WORDS = new Set<unknown>(['pass', 'fail', 'insufficient']);
const VERDICTS = new Map<unknown, Verdict>([
  ['promote', 'pass'],
  ['block', 'fail'],
  ['hold', 'insufficient'],
]);

function figures(metrics: EvidenceLike['metrics']): readonly EvidenceMetric[] {
  if (metrics === undefined) return [];
  if (Array.isArray(metrics))
    return metrics.filter((m: EvidenceMetric) => typeof m?.metric === 'string' && typeof m.value === 'number');
  return Object.entries(metrics as Readonly<Record<string, unknown>>)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .map(([metric, value]) => ({ metric, value }));
}
