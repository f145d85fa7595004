import type { RequestContext } from '@millwright/core';
import type { Endpoint, Prediction } from '../endpoint/types.js';
import { isAbstained } from '../guard/types.js';
import type { AlignedRow, Aligner, Alignment, Modality, UnusedEvent } from './aligner.js';
import type { ModalityMeter } from './meter.js';
import { inputOf } from './modalities.js';
import { type Quarantine, reasonOf } from './quarantine.js';

/** What could not be answered: a row, or an event that no row took. */
export type DeadLetter<E> =
  | { readonly kind: 'row'; readonly row: AlignedRow<E> }
  | { readonly kind: 'event'; readonly event: UnusedEvent<E> };

/** What joins the modalities, and where rows go that cannot be answered. */
export interface ServeAlignedOptions<E, O> {
  readonly aligner: Aligner<E>;
  readonly quarantine: Quarantine<DeadLetter<E>>;
  readonly meter?: ModalityMeter<Modality<E>> | undefined;
  /** How sure each modality is, where an answer says so. */
  readonly confidence?: ((output: O) => Readonly<Partial<Record<Modality<E>, number>>>) | undefined;
  /** Who the row is for, and until when. */
  readonly context?: ((row: AlignedRow<E>) => RequestContext) | undefined;
}

/** A row and its answer, which may be that a guard held it back: then people are asked (`reviewAbstentions`). */
export interface AlignedAnswer<E, O> {
  readonly row: AlignedRow<E>;
  readonly prediction: Prediction<O>;
}

/** Events in, answers out. */
export interface AlignedService<E, O> {
  /** Takes an event; answers the rows that it completes. */
  push<M extends Modality<E>>(
    modality: M,
    time: number,
    value: Required<E>[M],
  ): Promise<readonly AlignedAnswer<E, O>[]>;
  /** The end of the stream: answers everything that waits. */
  flush(): Promise<readonly AlignedAnswer<E, O>[]>;
  /** Tries the rows in quarantine again. */
  replay(): Promise<{ readonly released: number; readonly kept: number }>;
}

/**
 * Puts aligned rows to an endpoint. Nothing is lost in silence: rows without a required modality, events that came late
 * or matched nothing, and rows that the endpoint could not answer lie in quarantine with their reason.
 */
export function serveAligned<E extends object, O>(
  endpoint: Pick<Endpoint<E, O>, 'predict'>,
  options: ServeAlignedOptions<E, O>,
): AlignedService<E, O> {
  const { aligner, quarantine, meter, confidence, context } = options;

  async function answer(row: AlignedRow<E>): Promise<AlignedAnswer<E, O>> {
    const prediction = await endpoint.predict(inputOf(row), context?.(row));
    const { output } = prediction;
    meter?.observe(row, isAbstained(output) ? undefined : confidence?.(output));
    return { row, prediction };
  }

  async function work({ ready, quarantined, unused }: Alignment<E>): Promise<readonly AlignedAnswer<E, O>[]> {
    for (const row of quarantined) {
      meter?.observe(row);
      quarantine.add({ kind: 'row', row }, `missing ${row.missing.join(', ')}`);
    }
    for (const event of unused) quarantine.add({ kind: 'event', event }, event.reason);
    const answers = await Promise.all(
      ready.map(async (row) => {
        try {
          return [await answer(row)];
        } catch (error) {
          meter?.observe(row);
          quarantine.add({ kind: 'row', row }, reasonOf(error));
          return [];
        }
      }),
    );
    return answers.flat();
  }

  return {
    push: async (modality, time, value) => await work(aligner.push(modality, time, value)),
    flush: async () => await work(aligner.flush()),
    replay: () =>
      quarantine.replay(
        async (letter) => {
          if (letter.kind === 'row') await answer(letter.row);
        },
        ({ item, attempts }) => item.kind === 'row' && attempts < REPLAYS,
      ),
  };
}

/** Times that a row is tried again: one that fails as often is not the endpoint's bad day. */
const REPLAYS = 3;
