import { invalidInput } from '@millwright/core';
import type { Contract } from '@millwright/core/contract';
import type { AlignedRow, ModalitySpec } from './aligner.js';

/**
 * The modalities that a contract's inputs are. What it declares decides: an input with a fallback (a default, a mask,
 * another arm, to abstain) is optional, any other is required.
 *
 * @param toleranceMs furthest that each modality's event may be from the anchor's
 * @throws `input/invalid` for an input without a tolerance
 */
export function modalitiesOf<M extends string>(
  contract: Contract,
  toleranceMs: Readonly<Record<M, number>>,
): Readonly<Record<M, ModalitySpec>> {
  const specs = Object.entries(contract.inputs).map(([name, field]) => {
    const tolerance = Object.hasOwn(toleranceMs, name) ? toleranceMs[name as M] : undefined;
    if (tolerance === undefined) throw invalidInput(`toleranceMs.${name}`, 'milliseconds', tolerance);
    return [
      name,
      { toleranceMs: tolerance, required: field.fallback === undefined && field.nullable !== true },
    ] as const;
  });
  return Object.fromEntries(specs) as Record<M, ModalitySpec>;
}

/**
 * The row as an endpoint takes it: what is missing is left out, and the contract's fallbacks say what that means. Of a row
 * that lacks a required modality it makes an input that the contract refuses.
 */
export function inputOf<E>({ values }: AlignedRow<E>): E {
  return Object.fromEntries(values) as E;
}
