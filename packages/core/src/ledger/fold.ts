import { MillwrightError } from '../foundation/errors.js';
import { copyState } from './snapshot.js';
import type { CommitIntent, LedgerEvent, LedgerHubEvents, Projection } from './types.js';

/** The states of the projections in use, at one place of the ledger. */
export interface Fold {
  readonly projections: readonly Projection<unknown>[];
  has(id: string): boolean;
  /** Adds a projection at its initial state. */
  add(projection: Projection<unknown>): void;
  /** Takes over projections that were folded to the same place. */
  adopt(slots: Iterable<FoldSlot>): void;
  readonly slots: ReadonlyMap<string, FoldSlot>;
  /** @throws `state/not-found` */
  state<S>(projection: Projection<S>): S;
  faults(id: string): number;
  /** Asks every projection's guard. @throws what a guard throws */
  guard(intent: CommitIntent): void;
  apply(events: readonly LedgerEvent[]): void;
  /** A fold at the same place that goes its own way, or undefined when a projection cannot be forked. */
  fork(): Fold | undefined;
}

/** One projection with its state. */
export interface FoldSlot {
  readonly projection: Projection<unknown>;
  state: unknown;
  faults: number;
}

/** @param onFault hears of projections that throw, which they have promised not to do */
export function foldOf(onFault: (fault: LedgerHubEvents['projectionFailed']) => void = () => undefined): Fold {
  return foldFrom(new Map(), onFault);
}

function foldFrom(slots: Map<string, FoldSlot>, onFault: (fault: LedgerHubEvents['projectionFailed']) => void): Fold {
  return {
    slots,
    get projections() {
      return [...slots.values()].map((slot) => slot.projection);
    },
    has: (id) => slots.has(id),
    add(projection) {
      if (!slots.has(projection.id)) slots.set(projection.id, { projection, state: projection.init(), faults: 0 });
    },
    adopt(others) {
      for (const slot of others) if (!slots.has(slot.projection.id)) slots.set(slot.projection.id, slot);
    },
    state<S>(projection: Projection<S>): S {
      const slot = slots.get(projection.id);
      if (slot === undefined) throw notInUse(projection.id);
      return slot.state as S;
    },
    faults: (id) => slots.get(id)?.faults ?? 0,
    guard(intent) {
      for (const { projection, state } of slots.values()) projection.guard?.(state, intent);
    },
    apply(events) {
      for (const slot of slots.values()) {
        for (const event of events) {
          try {
            const current =
              slot.projection.upcasters === undefined && event.version === undefined
                ? event
                : upcast(slot.projection, event);
            if (current !== undefined) slot.state = slot.projection.apply(slot.state, current);
          } catch (error) {
            slot.faults++;
            onFault({ projection: slot.projection.id, event, error });
          }
        }
      }
    },
    fork() {
      const copies = new Map<string, FoldSlot>();
      for (const [id, slot] of slots) {
        const { fork, snapshot } = slot.projection;
        if (fork === undefined && snapshot === undefined) return undefined;
        const state = fork === undefined ? copyState(slot.projection, slot.state) : fork(slot.state);
        copies.set(id, { ...slot, state });
      }
      return foldFrom(copies, () => undefined);
    },
  };
}

function notInUse(id: string): MillwrightError<'state/not-found'> {
  return new MillwrightError(
    'state/not-found',
    `The projection \`${id}\` is not in use. Give it to openLedger({ projections }) or call ledger.use(projection) first.`,
    { details: { what: 'projection', id } },
  );
}

/** The event in the newest version that the projection knows; undefined when it is newer than that. */
function upcast({ upcasters }: Projection<unknown>, event: LedgerEvent): LedgerEvent | undefined {
  const steps = upcasters !== undefined && Object.hasOwn(upcasters, event.type) ? upcasters[event.type]! : [];
  const { version = 1 } = event;
  if (version > steps.length + 1) return undefined;
  if (version === steps.length + 1) return event;
  const data = steps.slice(version - 1).reduce((older, step) => step(older), event.data);
  return { ...event, data, version: steps.length + 1 };
}
