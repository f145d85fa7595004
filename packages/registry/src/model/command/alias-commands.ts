import {
  type Digest,
  defined,
  type EvidenceNote,
  type JsonObject,
  MillwrightError,
  parseDigest,
  parseName,
} from '@millwright/core';
import type { Decide, LedgerView, NewEvent } from '@millwright/core/ledger';
import type { ReferenceLike } from '../../reference.js';
import { MAX_WORD, parseStatement, parseText } from '../../text.js';
import { type ModelPolicy, normalisePolicy } from '../policy/policy.js';
import { modelsProjection } from '../state/projection.js';
import { judge, mayChange, mayChangePolicy, policyOf } from '../state/state.js';
import type { AliasState, ModelState, ModelsState, PolicyState, VersionState } from '../state/types.js';
import type { Evidence } from '../types.js';
import { evidenceAttached } from './evidence-commands.js';
import { lifecycle, noAlias, precondition, requireModel, requireVersion } from './refusal.js';

/** What a command that a policy may deny came to. A denial is an event too, so it is a result and not yet an exception. */
export interface Outcome {
  readonly denied: Denial | undefined;
}

/** A command that the policy refused, as the ledger has it. */
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
    const judgement = judge(view.state(modelsProjection), version, alias, view.actor, view.time, extra);
    const rules = policyOf(view.state(modelsProjection), model);
    const policy = rules?.aliases.get(alias);
    const digest = policy && rules?.digest;
    const overridden = !judgement.allowed && request.breakGlass === true;
    if (!judgement.allowed && !(overridden && policy?.breakGlass?.includes(view.actor))) {
      const reasons = overridden
        ? [...judgement.reasons, `${view.actor} may not override the policy.`]
        : judgement.reasons;
      const denied = denial('alias.move', model, reasons, rules, { alias, version: version.id });
      return { events: [denied.event], result: { denied }, policy: digest };
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
          ...defined({ policy: digest, plan: judgement.plan }),
        }),
      ],
      result: { denied: undefined },
      policy: digest,
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
      model: model.id,
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
  options: {
    readonly reason: string;
    readonly generation?: number | undefined;
    readonly evidence?: readonly Digest[] | undefined;
  },
): Decide<Outcome> {
  const name = parseName(model, 'model name');
  const parsed = parseName(alias, 'alias');
  const reason = parseStatement(options.reason, 'reason');
  const evidence = (options.evidence ?? []).map((digest) => parseDigest(digest, 'evidence'));
  return (view) => {
    const found = requireModel(view, name);
    const state = found.aliases.get(parsed);
    if (state === undefined) throw noAlias(name, parsed);
    checkGeneration(state, parsed, options.generation);
    const to = state.before.at(-1);
    if (to === undefined) throw precondition(`alias \`${parsed}\``, 'an earlier version to go back to', 'none');
    return {
      events: [moved(found, parsed, state, to, { kind: 'rollback', reason, evidence })],
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
    const rules = policyOf(view.state(modelsProjection), found);
    const policy = rules?.aliases.get(parsed);
    if (policy?.actors !== undefined && !policy.actors.includes(view.actor)) {
      const denied = denial('alias.remove', found, [`${view.actor} may not move this alias.`], rules, {
        alias: parsed,
      });
      return { events: [denied.event], result: { denied } };
    }
    const data = { model: found.id, alias: parsed, from: state.target.id, generation: state.generation + 1, reason };
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

/** What stands in the ledger when somebody was refused. */
export function denial(
  action: string,
  model: ModelState | undefined,
  reasons: readonly string[],
  rules: PolicyState | undefined,
  more: JsonObject = {},
): Denial {
  const about = defined({ model: model?.id, policy: rules?.digest });
  return {
    action,
    reasons,
    event: { type: 'command.denied', data: { action, reasons: [...reasons], ...about, ...more } },
  };
}

export function setPolicy(model: string, policy: ModelPolicy, reason: string): Decide<Outcome> {
  const name = parseName(model, 'model name');
  const { policy: rules, digest, gateDigest } = normalisePolicy(policy);
  const why = parseText(reason, 'reason');
  return (view) => {
    const found = requireModel(view, name);
    if (found.policy?.digest === digest) return { events: [], result: { denied: undefined } };
    const state = view.state(modelsProjection);
    if (!mayChangePolicy(state, found, view.actor)) return refuseStranger('policy.set', found, state, view.actor);
    const data = { model: found.id, digest, reason: why, ...rules, ...defined({ gateDigest }) };
    return { events: [{ type: 'policy.set', data }], result: { denied: undefined } };
  };
}

export function setRiskPolicy(risk: string, policy: ModelPolicy, reason: string): Decide<Outcome> {
  const name = parseStatement(risk, 'risk', MAX_WORD);
  const { policy: rules, digest, gateDigest } = normalisePolicy(policy);
  const why = parseText(reason, 'reason');
  return (view) => {
    const standing = view.state(modelsProjection).riskPolicies.get(name);
    if (standing?.digest === digest) return { events: [], result: { denied: undefined } };
    if (!mayChange(standing, view.actor)) {
      const reasons = [`${view.actor} is not a guardian of this policy.`];
      const denied = denial('riskPolicy.set', undefined, reasons, standing, { risk: name });
      return { events: [denied.event], result: { denied } };
    }
    const data = { risk: name, digest, reason: why, ...rules, ...defined({ gateDigest }) };
    return { events: [{ type: 'riskPolicy.set', data }], result: { denied: undefined } };
  };
}

/** Only guardians change the rules of a model, or take it out of their reach. */
export function refuseStranger(
  action: string,
  model: ModelState,
  state: ModelsState,
  actor: string,
): ReturnType<Decide<Outcome>> {
  const denied = denial(action, model, [`${actor} is not a guardian of this policy.`], policyOf(state, model));
  return { events: [denied.event], result: { denied } };
}
