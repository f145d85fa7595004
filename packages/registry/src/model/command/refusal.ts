import { MillwrightError, type Name } from '@millwright/core';
import type { Decide, LedgerView, NewEvent } from '@millwright/core/ledger';
import { parseReference, type ReferenceLike, referenceId } from '../../reference.js';
import { modelsProjection } from '../state/projection.js';
import { findModel, findVersion, modelEver, stageOf } from '../state/state.js';
import type { ModelState, ModelsState, VersionState } from '../state/types.js';
import type { Deletion } from '../types.js';

/** What commands need to find, and how they refuse. */

/** A command on one version that exists. */
export function onVersion(
  reference: ReferenceLike,
  decide: (version: VersionState, view: LedgerView) => readonly NewEvent[],
): Decide<string> {
  parseReference(reference);
  return (view) => {
    const version = requireVersion(view, reference);
    return { events: decide(version, view), result: version.id };
  };
}

/** @throws `state/not-found` */
export function requireModel(view: LedgerView, name: Name): ModelState {
  return existingModel(view.state(modelsProjection), name);
}

/** The model that a name leads to. @throws `state/not-found`, saying who deleted it */
export function existingModel(state: ModelsState, name: string): ModelState {
  const model = findModel(state, name);
  if (model === undefined) throw noModel(name, modelEver(state, name)?.deleted);
  return model;
}

/** The version that a reference means. @throws `state/not-found`, saying who deleted it */
export function existingVersion(state: ModelsState, reference: ReferenceLike): VersionState {
  const { name, number } = parseReference(reference);
  const id = referenceId(name, number);
  const version = findVersion(state, id);
  if (version?.deleted === undefined && version !== undefined) return version;
  throw notFound('model version', id, deletedBy(version?.deleted));
}

function deletedBy(deletion: Deletion | undefined): string {
  return deletion === undefined ? '' : ` ${deletion.by} deleted it (entry ${deletion.eventIndex}): ${deletion.reason}`;
}

/** @throws `state/not-found` */
export function requireVersion(view: LedgerView, reference: ReferenceLike): VersionState {
  return existingVersion(view.state(modelsProjection), reference);
}

export function noModel(name: string, deletion?: Deletion): MillwrightError {
  const advice = ' Create it with `models.create`, or register its first version with an `owner`.';
  return notFound('model', name, `${deletedBy(deletion)}${advice}`);
}

export function nameTaken(name: string, by: ModelState): MillwrightError<'registry/exists'> {
  const whose = by.name === name ? 'There is a model' : `\`${by.name}\` has or had the name`;
  return new MillwrightError('registry/exists', `${whose} \`${name}\` already.`, {
    details: { what: 'model', id: name },
  });
}

export function noAlias(model: string, alias: string): MillwrightError {
  return notFound('alias', `${model}:${alias}`);
}

export function notFound(what: string, id: string, advice = ''): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `There is no ${what} \`${id}\`.${advice}`, { details: { what, id } });
}

export function precondition(what: string, expected: string, actual: string): MillwrightError<'state/precondition'> {
  return new MillwrightError('state/precondition', `Expected ${what} to be ${expected}; it is ${actual}.`, {
    details: { what, expected, actual },
  });
}

export function lifecycle(version: VersionState, to: string, advice = ''): MillwrightError<'registry/lifecycle'> {
  const from = stageOf(version);
  return new MillwrightError(
    'registry/lifecycle',
    `${version.id} is ${from} and cannot become ${to}.${advice === '' ? '' : ` ${advice}`}`,
    { details: { from, to } },
  );
}
