import {
  type Digest,
  defined,
  type EvidenceNote,
  type JsonObject,
  MillwrightError,
  type Name,
  parseDigest,
  parseName,
} from '@millwright/core';
import type { Decide, LedgerView, NewEvent } from '@millwright/core/ledger';
import { type LineageNode, lineageRecorded } from '@millwright/core/lineage';
import { type Figure, toFigure } from '../figure.js';
import { nodeId, parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { MAX_WORD, parseRecord, parseStatement, parseText } from '../text.js';
import { type ModelPolicy, normalisePolicy } from './policy.js';
import {
  type AliasState,
  findVersion,
  judge,
  type ModelState,
  mayChangePolicy,
  modelsProjection,
  stageOf,
  type VersionState,
} from './state.js';
import type { Evidence, EvidenceMetric, RiskClass } from './types.js';

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
    if (view.state(modelsProjection).models.has(parsed))
      throw new MillwrightError('registry/exists', `There is a model \`${parsed}\` already.`, {
        details: { what: 'model', id: parsed },
      });
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

export interface ModelChange extends Partial<Omit<ModelFacts, 'tags'>> {
  /** `null` removes a tag; tags that are not named stay. */
  readonly tags?: Readonly<Record<string, string | null>> | undefined;
}

/** @throws `state/not-found`, `input/invalid` */
export function changeModel(name: string, change: ModelChange): Decide<Name> {
  const parsed = parseName(name, 'model name');
  const { owner, risk, intendedUse, outOfScope, description } = change;
  const data: JsonObject = {
    name: parsed,
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
    requireModel(view, parsed);
    return { events: [{ type: 'model.changed', data }], result: parsed };
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
    }),
  };
  const sources = [
    ...(version.madeBy === undefined ? [] : [nodeId('run', version.madeBy)]),
    ...(version.madeFrom ?? []),
  ];
  return (view) => {
    const model = view.state(modelsProjection).models.get(parsed);
    if (model === undefined && creation === undefined) throw noModel(parsed);
    const number = (model?.versions.length ?? 0) + 1;
    const id = referenceId(parsed, number);
    const node: LineageNode = { id: nodeId('model', id), kind: 'model', label: id, digest: version.artifact };
    return {
      events: [
        ...(model === undefined && creation !== undefined ? [creation] : []),
        { type: 'version.registered', data: { model: parsed, number, ...facts } },
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

/** @throws `state/not-found`, `registry/lifecycle` */
export function deprecateVersion(version: ReferenceLike, reason: string): Decide<string> {
  const why = parseStatement(reason, 'reason');
  return onVersion(version, (found) => {
    if (found.deprecated) return [];
    if (found.retired) throw lifecycle(found, 'deprecated');
    return [{ type: 'version.deprecated', data: { version: found.id, reason: why } }];
  });
}

/** @throws `state/not-found`, `registry/lifecycle` when an alias points to the version */
export function retireVersion(version: ReferenceLike, reason: string): Decide<string> {
  const why = parseStatement(reason, 'reason');
  return onVersion(version, (found) => {
    if (found.retired) return [];
    if (found.aliases.size > 0)
      throw lifecycle(found, 'retired', `Move ${[...found.aliases].map((a) => `\`${a}\``).join(', ')} first.`);
    return [{ type: 'version.retired', data: { version: found.id, reason: why } }];
  });
}

/** Evidence whose record is stored already. */
export interface StoredEvidence extends EvidenceNote {
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

function evidenceAttached(evidence: StoredEvidence): (version: string) => NewEvent {
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
    ...defined({ record: evidence.record }),
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

export function setPolicy(model: string, policy: ModelPolicy, reason: string): Decide<Outcome> {
  const name = parseName(model, 'model name');
  const { policy: rules, digest } = normalisePolicy(policy);
  const why = parseText(reason, 'reason');
  return (view) => {
    const found = requireModel(view, name);
    if (found.policy?.digest === digest) return { events: [], result: { denied: undefined } };
    if (!mayChangePolicy(found, view.actor)) {
      const denied = denial('policy.set', name, [`${view.actor} is not a guardian of this policy.`], found);
      return { events: [denied.event], result: { denied } };
    }
    return {
      events: [{ type: 'policy.set', data: { model: name, digest, reason: why, ...rules } }],
      result: { denied: undefined },
    };
  };
}

/** What a command that a policy may deny came to. A denial is an event too, so it is a result and not yet an exception. */
export interface Outcome {
  readonly denied: Denial | undefined;
}

export interface Denial {
  readonly event: NewEvent;
  readonly action: string;
  readonly reasons: readonly string[];
}

/** What such a command came to, from the events that it wrote. */
export function replayedOutcome(events: readonly NewEvent[]): Outcome {
  const event = events.find(({ type }) => type === 'command.denied');
  if (event === undefined) return { denied: undefined };
  const { action, reasons } = event.data;
  return { denied: { event, action: String(action), reasons: Array.isArray(reasons) ? reasons.map(String) : [] } };
}

export interface MoveRequest {
  readonly model: string;
  readonly alias: string;
  readonly version: ReferenceLike;
  readonly reason: string;
  readonly evidence?: readonly Digest[] | undefined;
  readonly attach?: readonly EvidenceNote[] | undefined;
  /** The generation that the mover has seen; another one means that somebody moved the alias meanwhile. */
  readonly generation?: number | undefined;
  /** Override the policy. Only actors that the policy names may, and the ledger says so for ever. */
  readonly breakGlass?: boolean | undefined;
}

/**
 * The move of an alias, judged by the model's policy inside the commit. Nothing is written when it points there already.
 * @throws `state/not-found`, `state/precondition`, `registry/lifecycle`
 */
export function moveAlias(request: MoveRequest): Decide<Outcome> {
  const name = parseName(request.model, 'model name');
  const alias = parseName(request.alias, 'alias');
  const reason = parseStatement(request.reason, 'reason');
  const named = (request.evidence ?? []).map((digest) => parseDigest(digest, 'evidence'));
  const attached = (request.attach ?? []).map((note) => ({ note, event: evidenceAttached(note) }));
  return (view) => {
    const model = requireModel(view, name);
    const version = requireVersion(view, request.version);
    if (version.model !== model) throw precondition('version', `a version of \`${name}\``, version.id);
    if (version.retired || version.deprecated) throw lifecycle(version, 'serving');
    const state = model.aliases.get(alias);
    checkGeneration(state, alias, request.generation);
    if (state?.target === version) return { events: [], result: { denied: undefined } };
    const extra = attached.map(({ note }): Evidence => toEvidence(note, view));
    const judgement = judge(version, alias, view.actor, view.time, extra);
    const policy = model.policy?.aliases.get(alias);
    const overridden = !judgement.allowed && request.breakGlass === true;
    if (!judgement.allowed && !(overridden && policy?.breakGlass?.includes(view.actor))) {
      const reasons = overridden
        ? [...judgement.reasons, `${view.actor} may not override the policy.`]
        : judgement.reasons;
      const denied = denial('alias.move', name, reasons, model, { alias, version: version.id });
      return { events: [denied.event], result: { denied } };
    }
    const evidence = [...new Set([...named, ...extra.map((e) => e.digest), ...judgement.evidence])];
    return {
      events: [
        ...attached.map(({ event }) => event(version.id)),
        moved(model, alias, state, version, {
          kind: 'move',
          reason,
          evidence,
          breakGlass: overridden,
          ...(policy === undefined ? {} : { policy: model.policy!.digest }),
        }),
      ],
      result: { denied: undefined },
    };
  };
}

function toEvidence(note: EvidenceNote, view: LedgerView): Evidence {
  return { ...note, sentence: note.sentence ?? '', metrics: [], by: view.actor, time: view.time, eventIndex: -1 };
}

function moved(
  model: ModelState,
  alias: string,
  state: AliasState | undefined,
  to: VersionState,
  rest: JsonObject,
): NewEvent {
  return {
    type: 'alias.moved',
    data: {
      model: model.name,
      alias,
      to: to.id,
      generation: (state?.generation ?? 0) + 1,
      ...defined({ from: state?.target?.id }),
      ...rest,
    },
  };
}

/**
 * Points the alias back to where it pointed before. Never asks for approval.
 * @throws `state/not-found`, `state/precondition` when there is nothing to go back to, or another moved it first
 */
export function rollBack(
  model: string,
  alias: string,
  options: { readonly reason: string; readonly generation?: number | undefined },
): Decide<Outcome> {
  const name = parseName(model, 'model name');
  const parsed = parseName(alias, 'alias');
  const reason = parseStatement(options.reason, 'reason');
  return (view) => {
    const found = requireModel(view, name);
    const state = found.aliases.get(parsed);
    if (state === undefined) throw noAlias(name, parsed);
    checkGeneration(state, parsed, options.generation);
    const to = state.before.at(-1);
    if (to === undefined) throw precondition(`alias \`${parsed}\``, 'an earlier version to go back to', 'none');
    return {
      events: [moved(found, parsed, state, to, { kind: 'rollback', reason, evidence: [] })],
      result: { denied: undefined },
    };
  };
}

/** @throws `state/not-found`, `state/precondition` */
export function removeAlias(
  model: string,
  alias: string,
  options: { readonly reason: string; readonly generation?: number | undefined },
): Decide<Outcome> {
  const name = parseName(model, 'model name');
  const parsed = parseName(alias, 'alias');
  const reason = parseStatement(options.reason, 'reason');
  return (view) => {
    const found = requireModel(view, name);
    const state = found.aliases.get(parsed);
    if (state?.target === undefined) throw noAlias(name, parsed);
    checkGeneration(state, parsed, options.generation);
    const policy = found.policy?.aliases.get(parsed);
    if (policy?.actors !== undefined && !policy.actors.includes(view.actor)) {
      const denied = denial('alias.remove', name, [`${view.actor} may not move this alias.`], found, { alias: parsed });
      return { events: [denied.event], result: { denied } };
    }
    const data = { model: name, alias: parsed, from: state.target.id, generation: state.generation + 1, reason };
    return { events: [{ type: 'alias.removed', data }], result: { denied: undefined } };
  };
}

function checkGeneration(state: AliasState | undefined, alias: string, seen: number | undefined): void {
  const generation = state?.generation ?? 0;
  if (seen === undefined || seen === generation) return;
  const last = state?.history.at(-1);
  throw precondition(
    `alias \`${alias}\``,
    `generation ${seen}`,
    last === undefined
      ? 'no such alias'
      : `generation ${generation}: ${last.by} moved it to ${last.version ?? 'nothing'} (${last.reason})`,
  );
}

/** Also for `RolloutTarget.moveAlias`, which throws what the registry records. */
export function deniedError(denial: Denial): MillwrightError<'registry/denied'> {
  return new MillwrightError('registry/denied', `Denied by policy: ${denial.reasons.join(' ')}`, {
    details: { action: denial.action, reasons: denial.reasons },
  });
}

function denial(
  action: string,
  name: string,
  reasons: readonly string[],
  model: ModelState,
  more: JsonObject = {},
): Denial {
  const policy = model.policy === undefined ? {} : { policy: model.policy.digest };
  return {
    action,
    reasons,
    event: { type: 'command.denied', data: { action, model: name, reasons: [...reasons], ...policy, ...more } },
  };
}

function onVersion(
  reference: ReferenceLike,
  decide: (version: VersionState, view: LedgerView) => readonly NewEvent[],
): Decide<string> {
  parseReference(reference);
  return (view) => {
    const version = requireVersion(view, reference);
    return { events: decide(version, view), result: version.id };
  };
}

function requireModel(view: LedgerView, name: Name): ModelState {
  const model = view.state(modelsProjection).models.get(name);
  if (model === undefined) throw noModel(name);
  return model;
}

function requireVersion(view: LedgerView, reference: ReferenceLike): VersionState {
  const { name, number } = parseReference(reference);
  const id = referenceId(name, number);
  const version = findVersion(view.state(modelsProjection), id);
  if (version === undefined) throw notFound('model version', id);
  return version;
}

function noModel(name: string): MillwrightError {
  return notFound('model', name, ' Create it with `models.create`, or register its first version with an `owner`.');
}

function noAlias(model: string, alias: string): MillwrightError {
  return notFound('alias', `${model}:${alias}`);
}

export function notFound(what: string, id: string, advice = ''): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `There is no ${what} \`${id}\`.${advice}`, { details: { what, id } });
}

function precondition(what: string, expected: string, actual: string): MillwrightError<'state/precondition'> {
  return new MillwrightError('state/precondition', `Expected ${what} to be ${expected}; it is ${actual}.`, {
    details: { what, expected, actual },
  });
}

function lifecycle(version: VersionState, to: string, advice = ''): MillwrightError<'registry/lifecycle'> {
  const from = stageOf(version);
  return new MillwrightError(
    'registry/lifecycle',
    `${version.id} is ${from} and cannot become ${to}.${advice === '' ? '' : ` ${advice}`}`,
    { details: { from, to } },
  );
}
