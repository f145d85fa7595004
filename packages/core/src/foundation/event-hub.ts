/** The listening half of a hub: what a library's user sees. */
export interface EventSource<Events extends object> {
  /** Calls `listener` on every such event until the returned function is called. */
  on<K extends keyof Events & string>(name: K, listener: (event: Events[K]) => void): () => void;
  once<K extends keyof Events & string>(name: K, listener: (event: Events[K]) => void): () => void;
}

/** A typed event hub. A listener that throws never stops the emitter or the other listeners. */
export interface EventHub<Events extends object> extends EventSource<Events> {
  emit<K extends keyof Events & string>(name: K, event: Events[K]): void;
}

/**
 * A hub without listeners.
 *
 * @param onListenerError gets what a listener threw; default: rethrown in a microtask, so that it is reported as unhandled
 */
export function eventHub<Events extends object>(
  onListenerError: (error: unknown) => void = reportLater,
): EventHub<Events> {
  const listeners = new Map<string, Set<(event: never) => void>>();
  const on: EventHub<Events>['on'] = (name, listener) => {
    // An object of its own per call: who listens twice is told twice, and stops once.
    const entry = (event: never) => listener(event);
    const own = listeners.get(name) ?? new Set();
    listeners.set(name, own.add(entry));
    return () => void own.delete(entry);
  };
  return {
    on,
    once(name, listener) {
      const off = on(name, (event) => {
        off();
        listener(event);
      });
      return off;
    },
    emit(name, event) {
      // A copy: who is added meanwhile hears the next event, who is removed meanwhile still hears this one.
      for (const listener of [...(listeners.get(name) ?? [])])
        try {
          listener(event as never);
        } catch (error) {
          onListenerError(error);
        }
    },
  };
}

function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
