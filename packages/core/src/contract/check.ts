import { describe, MillwrightError } from '../foundation/errors.js';
import { type Bindings, FAIL, type FieldCheck, fieldCheck } from './field-check.js';
import type { CheckedFields, Contract, Fallback, FieldSpec, Fields, UnknownFields } from './types.js';

/** One place where a value breaks the contract. */
export interface Violation {
  /** `inputs.hour` */
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

/** A fallback other than a default that a check ran into: the caller decides what to do about it. */
export interface UsedFallback {
  readonly field: string;
  readonly fallback: Exclude<Fallback, { readonly kind: 'default' }>;
}

/** The checked value, with the fallbacks that it took, or every place that breaks the contract. */
export type CheckResult<T> =
  | { readonly ok: true; readonly value: T; readonly fallbacks: readonly UsedFallback[] }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/**
 * Checks one request. The result is a new object with the contract's fields in the contract's order: defaults are filled
 * in, points in time are milliseconds, fields that the contract does not name are left out. Compiled once per contract;
 * costs about 0.2 µs for five fields.
 *
 * @example
 * const checked = checkInput(contract, await request.json());
 * if (!checked.ok) return Response.json(checked.violations, { status: 422 });
 */
export function checkInput<C extends Contract>(contract: C, value: unknown): CheckResult<CheckedFields<C['inputs']>> {
  let check = inputChecks.get(contract);
  if (check === undefined) {
    check = compileFields(contract.inputs, 'inputs', contract.unknownFields);
    inputChecks.set(contract, check);
  }
  return check(value) as CheckResult<CheckedFields<C['inputs']>>;
}

/** Checks what a model returned, as `checkInput` does for what it gets. */
export function checkOutput<C extends Contract>(contract: C, value: unknown): CheckResult<CheckedFields<C['outputs']>> {
  let check = outputChecks.get(contract);
  if (check === undefined) {
    check = compileFields(contract.outputs, 'outputs', contract.unknownFields);
    outputChecks.set(contract, check);
  }
  return check(value) as CheckResult<CheckedFields<C['outputs']>>;
}

/** The error for a value that does not keep a contract, where a caller prefers to throw. */
export function violated(violations: readonly Violation[]): MillwrightError<'contract/violated'> {
  const list = violations.map((v) => `\`${v.path}\`: expected ${v.expected}, got ${v.received}`);
  return new MillwrightError('contract/violated', `The value does not keep the contract. ${list.join('; ')}.`, {
    details: { violations },
  });
}

type Check = (value: unknown) => CheckResult<Record<string, unknown>>;

const inputChecks = new WeakMap<Contract, Check>();
const outputChecks = new WeakMap<Contract, Check>();
const NONE: readonly UsedFallback[] = Object.freeze([]);

function compileFields(fields: Fields, at: string, unknownFields: UnknownFields): Check {
  const names = Object.keys(fields);
  const specs = names.map((name) => fields[name]!);
  const checks: FieldCheck[] = specs.map(fieldCheck);
  // A field named like a member of Object.prototype counts only when the value itself has it.
  const ownOnly = names.map((name) => name in Object.prototype);
  const known = new Set(names);
  const hasTensors = specs.some((spec) => spec.type === 'tensor');
  const count = names.length;

  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { ok: false, violations: [{ path: at, expected: 'an object of fields', received: describe(value) }] };
    const given = value as Readonly<Record<string, unknown>>;
    const out: Record<string, unknown> = {};
    const bindings: Bindings | undefined = hasTensors ? new Map() : undefined;
    let fallbacks: UsedFallback[] | undefined;
    let violations: Violation[] | undefined;
    for (let i = 0; i < count; i++) {
      const name = names[i]!;
      const member = ownOnly[i] && !Object.hasOwn(given, name) ? undefined : given[name];
      const spec = specs[i]!;
      if (member === undefined || member === null) {
        if (member === null && spec.nullable) out[name] = null;
        else if (spec.fallback === undefined) {
          violations ??= [];
          violations.push({ path: `${at}.${name}`, expected: expectedOf(spec), received: describe(member) });
        } else if (spec.fallback.kind === 'default') out[name] = spec.fallback.value;
        else {
          out[name] = null;
          fallbacks ??= [];
          fallbacks.push({ field: name, fallback: spec.fallback });
        }
        continue;
      }
      const checked = checks[i]!(member, bindings);
      if (checked === FAIL) {
        violations ??= [];
        violations.push({ path: `${at}.${name}`, expected: expectedOf(spec), received: describe(member) });
      } else out[name] = checked;
    }
    if (unknownFields === 'refuse') {
      for (const name of Object.keys(given)) {
        if (known.has(name)) continue;
        violations ??= [];
        violations.push({
          path: `${at}.${name.slice(0, 60)}`,
          expected: 'no such field',
          received: describe(given[name]),
        });
      }
    }
    return violations ? { ok: false, violations } : { ok: true, value: out, fallbacks: fallbacks ?? NONE };
  };
}

/** What a field takes, for people: `an integer from 0 to 23`. */
export function expectedOf(spec: FieldSpec): string {
  const unit = spec.unit === undefined ? '' : ` (${spec.unit})`;
  const orNull = spec.nullable ? ' or null' : '';
  switch (spec.type) {
    case 'number':
      return `a finite number${rangeOf(spec.min, spec.max)}${unit}${orNull}`;
    case 'integer':
      return `an integer${rangeOf(spec.min, spec.max)}${unit}${orNull}`;
    case 'probability':
      return `a number from 0 to 1${orNull}`;
    case 'boolean':
      return `true or false${orNull}`;
    case 'category': {
      if (spec.categories === undefined) return `a string${orNull}`;
      const shown = spec.categories.slice(0, 8).map((c) => `\`${c}\``);
      const more = spec.categories.length - shown.length;
      return `one of ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}${orNull}`;
    }
    case 'text': {
      const length = rangeOf(spec.minLength, spec.maxLength).replace(' from', ' of');
      const pattern = spec.pattern === undefined ? '' : ` that matches \`${spec.pattern}\``;
      return `text${length}${length === '' ? '' : ' characters'}${pattern}${orNull}`;
    }
    case 'timestamp':
      return `a point in time (milliseconds since 1970, or ISO 8601 with an offset)${rangeOf(spec.min, spec.max)}${orNull}`;
    case 'tensor':
      return `a tensor of ${spec.dtype} [${spec.dims?.join(', ')}]${orNull}`;
    default:
      return spec.type satisfies never;
  }
}

function rangeOf(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
