import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '@millwright/adapters/fs';
import { type Clock, isMillwrightError, systemClock } from '@millwright/core';
import { openRegistry, type Registry } from '@millwright/registry';
import { count, type Screen } from './console.js';

export interface Factory {
  readonly registry: Registry;
  readonly clock: StoryClock;
  readonly screen: Screen;
}

/** The story's time goes with the flights, so that five months pass in a minute; timers and durations stay real. */
export interface StoryClock extends Clock {
  set(ms: number): void;
}

function storyClock(startMs: number): StoryClock {
  let now = startMs;
  return {
    ...systemClock,
    now: () => now,
    set(ms) {
      now = ms;
    },
  };
}

/** The people of the story. The one who registers a model is not the one who approves it. */
export const DATA_TEAM = 'dana';
export const MODEL_TEAM = 'maria';
export const OPERATIONS = 'omar';

/**
 * Opens a new registry in `<home>/ledger`. A registry from an earlier run, finished or broken off, is verified and kept
 * in `<home>/previous`: a ledger is never continued by accident, and never thrown away unread.
 */
export async function openFactory(home: string, startMs: number, screen: Screen): Promise<Factory> {
  const place = join(home, 'ledger');
  if (existsSync(place)) await putAside(place, join(home, 'previous'), screen);
  const clock = storyClock(startMs);
  const registry = await openRegistry(folder(place), { actor: MODEL_TEAM, clock });
  screen.line(`a new registry in ${place}`);
  return { registry, clock, screen };
}

async function putAside(place: string, previous: string, screen: Screen): Promise<void> {
  try {
    const registry = await openRegistry(folder(place), { actor: MODEL_TEAM });
    const { ok, events } = await registry.ledger.verify();
    await registry[Symbol.asyncDispose]();
    screen.line(
      `the ledger of an earlier run ${ok ? `verifies (${count(events)} events)` : 'DOES NOT VERIFY'}: moved to ${previous}`,
    );
  } catch (error) {
    if (!isMillwrightError(error)) throw error;
    screen.line(`the ledger of an earlier run cannot be read (${error.message}): moved to ${previous}`);
  }
  rmSync(previous, { recursive: true, force: true });
  renameSync(place, previous);
}
