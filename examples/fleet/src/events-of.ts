import type { Abortable } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import { watchEvents } from '@millwright/registry/feed';
import type { Factory } from './factory.js';

/** Waits for one event after the other, whoever wrote it: `await until('rollout.completed')`. */
export function eventsOf({ registry, wake }: Factory, options: Abortable): (type: string) => Promise<LedgerEvent> {
  const events = watchEvents(registry.ledger, options);
  void refresh();
  return async (type) => {
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error(`Nothing more was heard before ${type}.`);
      if (value.type === type) return value;
    }
  };

  async function refresh(): Promise<void> {
    for await (const _ of wake(options)) await registry.ledger.refresh();
  }
}
