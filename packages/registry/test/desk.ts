import { type Clock, type Random, seededRandom } from '@millwright/core';
import { memoryStorage, type Storage } from '@millwright/core/storage';
import { pessimisticLog, type VirtualClock, virtualClock } from '@millwright/core/testing';
import { openRegistry, type Registry } from '../src/index.js';

export const START = Date.UTC(2026, 0, 5, 8);
export const HOUR = 3_600_000;

export interface Desk {
  readonly registry: Registry;
  readonly clock: VirtualClock;
  readonly storage: Storage;
}

/** A registry in memory, at eight o'clock on a Monday. */
export async function desk(actor = 'maria', seed = 1): Promise<Desk> {
  const clock = virtualClock(START);
  const storage = memoryStorage();
  return { registry: await openRegistry(storage, { actor, clock, random: seededRandom(seed) }), clock, storage };
}

/** Another process on the same storage, which loses answers and sees old heads as networks do. */
export async function neighbour(
  storage: Storage,
  clock: VirtualClock,
  actor: string,
  seed: number,
  schedule: Clock['schedule'] = soon,
): Promise<Registry> {
  const random: Random = seededRandom(seed);
  const log = pessimisticLog(storage.log, {
    random,
    conflict: 0.1,
    lostResponse: 0.05,
    lostRequest: 0.05,
    staleHead: 0.2,
  });
  const hasty = { ...clock, now: () => clock.now(), monotonic: () => clock.monotonic(), schedule };
  return openRegistry(
    { log, blobs: storage.blobs, [Symbol.asyncDispose]: async () => undefined },
    { actor, clock: hasty, random },
  );
}

/** Waiting costs nothing: what is scheduled happens at once. */
function soon(_: number, callback: () => void): () => void {
  queueMicrotask(callback);
  return () => undefined;
}

/** Files of a model, different for every word. */
export function files(word: string): Record<string, Uint8Array> {
  return { 'model.onnx': new TextEncoder().encode(`weights of ${word}`) };
}

/** A model with some versions, registered by the registry's actor. */
export async function withVersions(registry: Registry, count: number, name = 'flight-delay'): Promise<void> {
  await registry.models.create(name, { owner: 'ops-ml', risk: 'limited', intendedUse: 'Plan crews.' });
  for (let i = 1; i <= count; i++)
    await registry.models.register(name, { files: files(`${name} ${i}`), metrics: { auc: 0.7 + i / 100 } });
}
