import type { TableProfile } from '../../profile/types.js';
import type { CheckState } from '../state.js';
import type { Check } from '../types.js';

/** The distance to a reference profile. */
export function distributionState(
  check: Check & { kind: 'distribution' },
  reference: TableProfile | undefined,
): (() => CheckState) | string {
  if (reference === undefined) return 'give the reference profile as `reference`';
  return `there is no distance for ${check.column} yet`;
}
