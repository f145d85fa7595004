import { MillwrightError, type Name } from '@millwright/core';
import type { Decide, LedgerView, NewEvent } from '@millwright/core/ledger';
import { parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { modelsProjection } from './projection.js';
import { findVersion, type ModelState, stageOf, type VersionState } from './state.js';

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
  const model = view.state(modelsProjection).models.get(name);
  if (model === undefined) throw noModel(name);
  return model;
}

/** @throws `state/not-found` */
export function requireVersion(view: LedgerView, reference: ReferenceLike): VersionState {
  const { name, number } = parseReference(reference);
  const id = referenceId(name, number);
  const version = findVersion(view.state(modelsProjection), id);
  if (version === undefined) throw notFound('model version', id);
  return version;
}

export function noModel(name: string): MillwrightError {
  return notFound('model', name, ' Create it with `models.create`, or register its first version with an `owner`.');
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
