import type { Guard } from '../guard/types.js';
import type { ModalityMeter } from './meter.js';

/** When modalities contradict each other too much for an answer. */
export interface ConflictOptions<O> {
  /** What each modality alone says, on one scale (a probability, for instance). Absent modalities are undefined. */
  readonly opinions: (output: O) => Readonly<Record<string, number | undefined>>;
  /** Largest difference between two modalities that is not a conflict. */
  readonly tolerance: number;
  /** In the reason of an abstention. Default `conflict`. */
  readonly name?: string | undefined;
  /** Counts the two that contradict each other most. */
  readonly meter?: Pick<ModalityMeter<string>, 'conflict'> | undefined;
}

/** Abstains when two modalities contradict each other: a person decides, or a model that was made for it. */
export function conflictGuard<O, I = unknown>(options: ConflictOptions<O>): Guard<I, O> {
  const { opinions, tolerance, name = 'conflict', meter } = options;
  return {
    name,
    output(output) {
      const said = Object.entries(opinions(output)).filter(
        (entry): entry is [string, number] => entry[1] !== undefined,
      );
      if (said.length < 2) return undefined;
      said.sort(([, a], [, b]) => a - b);
      const [low, lowest] = said[0]!;
      const [high, highest] = said.at(-1)!;
      // NaN is no opinion that agrees.
      if (highest - lowest <= tolerance) return undefined;
      meter?.conflict([low, high]);
      return `\`${low}\` says ${show(lowest)}, \`${high}\` says ${show(highest)}.`;
    },
  };
}

/** Three figures are enough for people. */
const show = (value: number): number => Number(value.toPrecision(3));
