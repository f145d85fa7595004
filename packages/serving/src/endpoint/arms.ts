import { type Digest, type EventHub, invalidInput, MillwrightError } from '@millwright/core';
import { lock } from '../runtime/lock.js';
import type { Handle } from './handle.js';
import type { ArmSource, ArmState, Arms, EndpointEvents } from './types.js';

/** The name of the arm that is always there. */
export const CHAMPION = 'champion';

/** The arms with their handles: what `endpoint.arms` shows, and what requests are submitted to. */
export interface ArmSet<I, O> extends Arms<I, O> {
  /** The arm's handle at this moment. */
  handle(name: string): Handle<I, O> | undefined;
  readonly champion: Handle<I, O>;
  replace(name: string, load: () => Promise<Handle<I, O>>): Promise<ArmState>;
  known(digest: Digest): Handle<I, O> | undefined;
  close(): Promise<void>;
}

export function armSet<I, O>(
  champion: Handle<I, O>,
  load: (source: ArmSource<I, O>) => Promise<Handle<I, O>>,
  events: EventHub<EndpointEvents>,
): ArmSet<I, O> {
  const arms = new Map<string, Handle<I, O>>([[CHAMPION, champion]]);
  // Two swaps at once could each close what the other has just put in place.
  const oneAtATime = lock();
  const drains = new Set<Promise<void>>();
  let closed = false;

  function put(name: string, handle: Handle<I, O>): ArmState {
    const old = arms.get(name);
    if (old === handle) {
      // The same model again: the alias moved to what a promotion had already put in place.
      void handle.release();
      return stateOf(name, handle);
    }
    arms.set(name, handle);
    events.emit('swapped', { arm: name, model: handle.model, digest: handle.digest, facts: handle.engine.facts });
    // Draining takes as long as the slowest request under way; nobody waits for it but `close`.
    if (old !== undefined) drain(name, old);
    return stateOf(name, handle);
  }

  function drain(arm: string, handle: Handle<I, O>): void {
    const draining: Promise<void> = handle
      .release()
      .catch((error) => events.emit('swapFailed', { arm, error }))
      .finally(() => drains.delete(draining));
    drains.add(draining);
  }

  const replace = (name: string, obtain: () => Promise<Handle<I, O>>) =>
    oneAtATime.run(async () => {
      if (closed)
        throw new MillwrightError('state/closed', 'The endpoint was closed.', { details: { what: 'endpoint' } });
      return put(name, await obtain());
    });

  return {
    handle: (name) => arms.get(name),
    get champion() {
      return arms.get(CHAMPION)!;
    },
    replace,
    known(digest) {
      for (const handle of arms.values()) if (handle.digest === digest) return handle;
      return undefined;
    },
    prepare(name, source) {
      if (name === CHAMPION)
        throw invalidInput('name', 'another arm than `champion`', name, 'Use `endpoint.champion.swap`.');
      return replace(name, () => load(source));
    },
    promote(name) {
      const handle = arms.get(name);
      if (handle === undefined)
        throw new MillwrightError('state/not-found', `There is no arm \`${name}\`.`, {
          details: { what: 'arm', id: name },
        });
      return put(CHAMPION, handle.retain());
    },
    async remove(name) {
      if (name === CHAMPION) throw invalidInput('name', 'another arm than `champion`', name);
      const handle = arms.get(name);
      arms.delete(name);
      await handle?.release();
    },
    get(name) {
      const handle = arms.get(name);
      return handle === undefined ? undefined : stateOf(name, handle);
    },
    get names() {
      return [...arms.keys()];
    },
    close: () =>
      oneAtATime.run(async () => {
        closed = true;
        const handles = [...arms.values()];
        await Promise.all([...handles.map((handle) => handle.release()), ...drains]);
      }),
  };
}

export function stateOf<I, O>(name: string, handle: Handle<I, O>): ArmState {
  const { model, digest, engine } = handle;
  return { name, model, digest, facts: engine.facts, inFlight: engine.inFlight, stats: engine.stats() };
}
