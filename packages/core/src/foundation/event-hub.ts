import { EventEmitter } from 'eventemitter3';

/** The listening half of a hub: what a library's user sees. */
export interface EventSource<Events extends object> {
  /** Calls `listener` on every such event until the returned function is called. */
  on<K extends keyof Events & string>(name: K, listener: (event: Events[K]) => void): () => void;
  once<K extends keyof Events & string>(name: K, listener: (event: Events[K]) => void): () => void;
}

/** A typed event hub over eventemitter3. A listener that throws never stops the emitter or the other listeners. */
export interface EventHub<Events extends object> extends EventSource<Events> {
  emit<K extends keyof Events & string>(name: K, event: Events[K]): void;
}

/** @param onListenerError gets what a listener threw; default: rethrown in a microtask, so that it is reported as unhandled */
export function eventHub<Events extends object>(
  onListenerError: (error: unknown) => void = reportLater,
): EventHub<Events> {
  const emitter = new EventEmitter<string, unknown>();
  const add = (kind: 'on' | 'once', name: string, listener: (event: never) => void) => {
    const guarded = (event: unknown) => {
      try {
        listener(event as never);
      } catch (error) {
        onListenerError(error);
      }
    };
    emitter[kind](name, guarded);
    return () => void emitter.off(name, guarded);
  };
  return {
    on: (name, listener) => add('on', name, listener as (event: never) => void),
    once: (name, listener) => add('once', name, listener as (event: never) => void),
    emit: (name, event) => void emitter.emit(name, event),
  };
}

function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
