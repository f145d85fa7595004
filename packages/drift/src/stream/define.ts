import { canonicalJson, decodeUtf8, encodeUtf8, invalidInput, type Json, MillwrightError } from '@millwright/core';
import type { Detector, DetectorKind, Knob, Signal } from './types.js';

/** A detector as data and one function: the state is an array of doubles, the step is pure in it. */
export interface DetectorDefinition<O, C extends object> {
  readonly id: string;
  /** Changes when the meaning of the state does. */
  readonly version: number;
  /** Fills in defaults. Plain JSON. @throws `input/invalid` */
  check(options: O): C;
  /** The state before the first value. Its length never changes. */
  begin(options: C): Float64Array;
  /** Takes one finite value. */
  step(state: Float64Array, options: C, value: number): Signal;
  /**
   * The position of the next drift, or the number of values: `step` for each value from `from` on. Needed only for speed,
   * as a loop of the detector's own: engines compile a loop once for all detectors that share it, and then cannot inline
   * the step into it, which costs 4 ns a value.
   */
  scan?(state: Float64Array, options: C, values: Float64Array, from: number): number;
  /** What follows a drift. By default the state of `begin`. */
  restart?(state: Float64Array, options: C): void;
  readonly knob?: Knob | undefined;
}

/**
 * Makes a detector family from its definition: batches, snapshots and refusals come with it. Mark the call as pure, so that
 * bundlers leave out families that an application does not use.
 */
export function defineDetector<O extends object, C extends object>(
  definition: DetectorDefinition<O, C>,
): DetectorKind<O> {
  const { id, version, knob } = definition;
  const begin = (state: Float64Array, options: C) => state.set(definition.begin(options));
  const start = (options: C, state: Float64Array): Detector => {
    const { step, scan = scanBy(step), restart = begin } = definition;
    return {
      id,
      update(value) {
        if (value - value !== 0) throw notFinite(id, value);
        const signal = step(state, options, value);
        if (signal === 2) restart(state, options);
        return signal;
      },
      updateBatch(values, at) {
        for (let i = 0; i < values.length; i++)
          if (values[i]! - values[i]! !== 0) throw notFinite(`${id}[${i}]`, values[i]!);
        let found = 0;
        for (let i = scan(state, options, values, 0); i < values.length; i = scan(state, options, values, i + 1)) {
          restart(state, options);
          if (at !== undefined && found < at.length) at[found] = i;
          found++;
        }
        return found;
      },
      reset: () => begin(state, options),
      snapshot: () =>
        encodeUtf8(canonicalJson({ detector: id, version, options: options as Json, state: words(state) })),
    };
  };
  return {
    id,
    ...(knob === undefined ? {} : { knob }),
    init(options) {
      const checked = definition.check(options ?? ({} as O));
      return start(checked, definition.begin(checked));
    },
    restore(snapshot) {
      const stored = parse(id, snapshot);
      if (stored['detector'] !== id) throw corrupt(id, `it is of detector \`${String(stored['detector'])}\``);
      if (stored['version'] !== version)
        throw corrupt(id, `it is of version ${String(stored['version'])}, not ${version}`);
      const options = definition.check(stored['options'] as O);
      const state = doubles(id, stored['state']);
      if (state.length !== definition.begin(options).length) throw corrupt(id, `its state has ${state.length} numbers`);
      return start(options, state);
    },
  };
}

function scanBy<C extends object>(step: DetectorDefinition<object, C>['step']) {
  return (state: Float64Array, options: C, values: Float64Array, from: number): number => {
    let at = from;
    while (at < values.length && step(state, options, values[at]!) !== 2) at++;
    return at;
  };
}

function notFinite(name: string, value: number): MillwrightError {
  return invalidInput(
    name,
    'a finite number',
    value,
    'Count missing values apart; a detector would never recover from one.',
  );
}

/** Doubles as hexadecimal words: exact for NaN and infinities too. */
function words(state: Float64Array): string {
  const view = new DataView(new ArrayBuffer(8));
  let text = '';
  for (const value of state) {
    view.setFloat64(0, value);
    text += view.getBigUint64(0).toString(16).padStart(16, '0');
  }
  return text;
}

function doubles(id: string, text: unknown): Float64Array {
  if (typeof text !== 'string' || text.length % 16 !== 0 || !/^[0-9a-f]*$/.test(text))
    throw corrupt(id, 'its state is damaged');
  const view = new DataView(new ArrayBuffer(8));
  return Float64Array.from({ length: text.length / 16 }, (_, i) => {
    view.setBigUint64(0, BigInt(`0x${text.slice(i * 16, i * 16 + 16)}`));
    return view.getFloat64(0);
  });
}

function parse(id: string, snapshot: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(decodeUtf8(snapshot));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below with the rest.
  }
  throw corrupt(id, 'it is not a snapshot');
}

function corrupt(detector: string, reason: string): MillwrightError<'drift/state'> {
  return new MillwrightError('drift/state', `The snapshot cannot be restored as \`${detector}\`: ${reason}.`, {
    details: { detector, reason },
  });
}
