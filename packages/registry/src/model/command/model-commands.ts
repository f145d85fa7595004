import { type Digest, defined, type JsonObject, type Name, parseName } from '@millwright/core';
import type { Decide, NewEvent } from '@millwright/core/ledger';
import { type LineageNode, lineageRecorded } from '@millwright/core/lineage';
import { type Figure, toFigure } from '../../figure.js';
import { nodeId, type ReferenceLike, referenceId } from '../../reference.js';
import { MAX_WORD, parseRecord, parseStatement, parseText } from '../../text.js';
import { modelsProjection } from '../state/projection.js';
import { findModel, mayChangePolicy, modelEver } from '../state/state.js';
import type { RiskClass, VersionOrigin } from '../types.js';
import { type Outcome, refuseStranger } from './alias-commands.js';
import { evidenceAttached, type StoredEvidence } from './evidence-commands.js';
import { nameTaken, noModel, onVersion, requireModel } from './refusal.js';

/** Commands of the model room: functions from what the ledger holds to the events that the act adds. */

export interface ModelFacts {
  /** A person or a team that answers for the model. */
  readonly owner: string;
  /** Default `limited`. */
  readonly risk?: RiskClass | undefined;
  readonly intendedUse?: string | undefined;
  readonly outOfScope?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** @throws `registry/exists`, `input/invalid` */
export function createModel(name: string, facts: ModelFacts): Decide<Name> {
  const parsed = parseName(name, 'model name');
  const event = modelCreated(parsed, facts);
  return (view) => {
    const taken = findModel(view.state(modelsProjection), parsed);
    if (taken !== undefined) throw nameTaken(parsed, taken);
    return { events: [event], result: parsed };
  };
}

function modelCreated(name: Name, facts: ModelFacts): NewEvent {
  return {
    type: 'model.created',
    data: {
      name,
      owner: parseStatement(facts.owner, 'owner', MAX_WORD),
      risk: parseStatement(facts.risk ?? 'limited', 'risk', MAX_WORD),
      intendedUse: parseText(facts.intendedUse ?? '', 'intendedUse'),
      outOfScope: parseText(facts.outOfScope ?? '', 'outOfScope'),
      description: parseText(facts.description ?? '', 'description'),
      tags: parseRecord(facts.tags, 'tags', (value, key) => parseText(value, key)),
    },
  };
}

/** What is to be otherwise; what is not named stays as it is. */
export interface ModelChange extends Partial<Omit<ModelFacts, 'tags'>> {
  /** `null` removes a tag; tags that are not named stay. */
  readonly tags?: Readonly<Record<string, string | null>> | undefined;
}

/** A denial when somebody else than a guardian changes the risk class. @throws `state/not-found`, `input/invalid` */
export function changeModel(name: string, change: ModelChange): Decide<Outcome> {
  const parsed = parseName(name, 'model name');
  const { owner, risk, intendedUse, outOfScope, description } = change;
  const data: JsonObject = {
    ...defined({
      owner: owner === undefined ? undefined : parseStatement(owner, 'owner', MAX_WORD),
      risk: risk === undefined ? undefined : parseStatement(risk, 'risk', MAX_WORD),
      intendedUse: intendedUse === undefined ? undefined : parseText(intendedUse, 'intendedUse'),
      outOfScope: outOfScope === undefined ? undefined : parseText(outOfScope, 'outOfScope'),
      description: description === undefined ? undefined : parseText(description, 'description'),
      tags: change.tags === undefined ? undefined : parseRecord(change.tags, 'tags', tagValue),
    }),
  };
  return (view) => {
    const model = requireModel(view, parsed);
    const state = view.state(modelsProjection);
    if (risk !== undefined && risk !== model.risk && !mayChangePolicy(state, model, view.actor))
      return refuseStranger('model.change', model, state, view.actor);
    return { events: [{ type: 'model.changed', data: { name: model.id, ...data } }], result: { denied: undefined } };
  };
}

const tagValue = (value: string | null, key: string) => (value === null ? null : parseText(value, key));

/** A version whose files are stored already. */
export interface StoredVersion {
  readonly artifact: Digest;
  readonly size: number;
  readonly kind?: string | undefined;
  readonly contract?: Digest | undefined;
  readonly contractBlob?: Digest | undefined;
  readonly features?: Digest | undefined;
  /** Id of the run that made it. */
  readonly madeBy?: string | undefined;
  /** Lineage nodes that it was made from besides the run. */
  readonly madeFrom?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly origin?: VersionOrigin | undefined;
  /** Evidence that is attached in the same commit. */
  readonly evidence?: readonly StoredEvidence[] | undefined;
  /** Facts of the model, created with its first version when there is none of this name. */
  readonly model?: ModelFacts | undefined;
}

/** The next version of a model. Its number is allocated inside the commit. @throws `state/not-found`, `input/invalid` */
export function registerVersion(name: string, version: StoredVersion): Decide<string> {
  const parsed = parseName(name, 'model name');
  const creation = version.model === undefined ? undefined : modelCreated(parsed, version.model);
  const facts: JsonObject = {
    kind: parseStatement(version.kind ?? 'model', 'kind', MAX_WORD),
    artifact: version.artifact,
    size: version.size,
    description: parseText(version.description ?? '', 'description'),
    metrics: parseRecord(version.metrics, 'metrics', (value, key): Figure => toFigure(value, key)),
    tags: parseRecord(version.tags, 'tags', (value, key) => parseText(value, key)),
    ...defined({
      contract: version.contract,
      contractBlob: version.contractBlob,
      features: version.features,
      madeBy: version.madeBy,
      origin: version.origin === undefined ? undefined : { ...version.origin },
    }),
  };
  const sources = [
    ...(version.madeBy === undefined ? [] : [nodeId('run', version.madeBy)]),
    ...(version.madeFrom ?? []),
  ];
  const evidence = (version.evidence ?? []).map(evidenceAttached);
  return (view) => {
    const state = view.state(modelsProjection);
    const model = findModel(state, parsed);
    const before = modelEver(state, parsed);
    if (model === undefined && creation === undefined) throw noModel(parsed, before?.deleted);
    const name = before?.id ?? parsed;
    const number = (before?.versions.length ?? 0) + 1;
    const id = referenceId(name, number);
    const node: LineageNode = { id: nodeId('model', id), kind: 'model', label: id, digest: version.artifact };
    return {
      events: [
        ...(model === undefined && creation !== undefined ? [creation] : []),
        { type: 'version.registered', data: { model: name, number, ...facts } },
        ...evidence.map((event) => event(id)),
        lineageRecorded(
          [node],
          sources.map((from) => ({ from, to: node.id })),
        ),
      ],
      result: id,
    };
  };
}

/** @throws `state/not-found` */
export function tagVersion(version: ReferenceLike, tags: Readonly<Record<string, string | null>>): Decide<string> {
  const parsed = parseRecord(tags, 'tags', tagValue);
  return onVersion(version, ({ id }) => [{ type: 'version.tagged', data: { version: id, tags: parsed } }]);
}
