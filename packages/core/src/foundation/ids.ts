import { monotonicFactory, type ULIDFactory } from 'ulid';
import { type Clock, systemClock } from './clock.js';
import { invalidInput } from './errors.js';
import { type Random, systemRandom } from './random.js';

declare const brand: unique symbol;
/** A string that has been parsed as `Name` and can be trusted as such. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Names a ledger. */
export type LedgerId = Branded<'LedgerId'>;
/** Names one attempt to write, so that a writer recognises its own commit. */
export type CommitId = Branded<'CommitId'>;
/** Names a training run. */
export type RunId = Branded<'RunId'>;
/** Names a rollout. */
export type RolloutId = Branded<'RolloutId'>;
/** Names one answer of an endpoint; outcomes are reported under it. */
export type DecisionId = Branded<'DecisionId'>;
/** Names a question to people. */
export type ReviewId = Branded<'ReviewId'>;
/** The name of a registered model, dataset or other thing that people name: lower case, digits, `-`, `_`, `.`, `/`. */
export type Name = Branded<'Name'>;

/** Makes ids that sort by creation time: 26 characters, Crockford base 32 (ULID), increasing within one source. */
export type IdSource = <T extends Branded<string>>() => T;

/** A source of ULIDs from the given clock and random numbers. */
export function idSource(clock: Clock = systemClock, random: Random = systemRandom): IdSource {
  const next: ULIDFactory = monotonicFactory(() => random.next());
  return <T extends Branded<string>>() => {
    // The library takes 0 and NaN for "not given" and would read the system's clock.
    const ms = Math.floor(clock.now()) || 1;
    return next(Math.max(1, ms)) as string as T;
  };
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Parses an id that an `IdSource` made. @throws `input/invalid` */
export function parseId<T extends Branded<string>>(input: unknown, name: string): T {
  if (typeof input === 'string' && ULID.test(input)) return input as T;
  throw invalidInput(name, 'a ULID of 26 characters', input);
}

const NAME = /^[a-z0-9](?:[a-z0-9._/-]{0,126}[a-z0-9])?$/;

/** Parses the name of a model, dataset, rollout or feature. @throws `input/invalid` */
export function parseName(input: unknown, name = 'name'): Name {
  if (typeof input === 'string' && NAME.test(input) && !input.includes('..') && !input.includes('//'))
    return input as Name;
  throw invalidInput(name, 'a name of 1-128 lower-case letters, digits, `.`, `_`, `-` or `/`', input);
}
