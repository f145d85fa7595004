import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { seededRandom } from '@millwright/core';
import type { LogStore } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { createEndpoint } from '@millwright/serving';
import { defineRollout, type RolloutEndpoint, type RolloutSpec, startRollout } from '@millwright/serving/rollout';
import { openStore, type Store } from './store.js';

/** One process of a fleet: serves the model, takes part in its rollout, and says what it does, one JSON object per line. */
export interface ReplicaPlan {
  readonly store: Store;
  readonly name: string;
  readonly spec: RolloutSpec;
  readonly tickMs: number;
  /** Hears of the others' commits at once. */
  readonly push: boolean;
  /** How often a version fails, from the line `break` on. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What a replica says; times in milliseconds since 1970. */
export type Said =
  | { readonly kind: 'ready' }
  | { readonly kind: 'share'; readonly share: number; readonly time: number }
  /** Who has answered in the last 100 ms. */
  | { readonly kind: 'served'; readonly models: readonly string[]; readonly time: number };

const plan = JSON.parse(process.argv[2] ?? '') as ReplicaPlan;
const say = (what: Said) => void writeSync(1, `${JSON.stringify(what)}\n`);
const storage = openStore(plan.store);
let cut = false;
let broken = false;
const registry = await openRegistry({ ...storage, log: cuttable(storage.log) }, { actor: plan.name });
const random = seededRandom(process.pid);
const endpoint = await createEndpoint<undefined, string>({
  model: registry.alias('flight', 'champion'),
  predictor: ({ id }) => ({
    predict: async () => {
      if (broken && random.next() < (plan.failures[id] ?? 0)) throw new Error(`${id} fails`);
      return id;
    },
  }),
});
const told: RolloutEndpoint = {
  arms: endpoint.arms,
  outcomes: endpoint.outcomes,
  observe: endpoint.observe,
  get policy() {
    return endpoint.policy;
  },
  setPolicy(policy) {
    endpoint.setPolicy(policy);
    const share = policy === undefined || policy.killed ? 0 : (policy.shares.get('challenger') ?? 0);
    say({ kind: 'share', share, time: Date.now() });
  },
};

const served = new Set<string>();
endpoint.observe(({ output }) => void (typeof output === 'string' && served.add(output)));
let unit = 0;
setInterval(() => {
  for (let i = 0; i < 4; i++)
    endpoint.predict(undefined, { unit: `${plan.name}-${process.pid}-${unit++}` }).catch(() => undefined);
}, 10);
setInterval(() => {
  say({ kind: 'served', models: [...served].sort(), time: Date.now() });
  served.clear();
}, 100);

const rollout = await startRollout(registry, told, defineRollout(plan.spec), {
  replica: plan.name,
  tickMs: plan.tickMs,
  flushMs: 500,
  wake: plan.push ? storage.log.watch : undefined,
});
say({ kind: 'ready' });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'kill') await rollout.kill('a person at the switch');
  if (line === 'break') broken = true;
  if (line === 'cut') cut = true;
  if (line === 'heal') cut = false;
}

/** The log behind a network that can be cut. */
function cuttable(log: LogStore): LogStore {
  const there = () => {
    if (cut) throw new TypeError('the network is cut');
    return log;
  };
  return {
    id: log.id,
    capabilities: log.capabilities,
    head: async (o) => there().head(o),
    append: async (commit, o) => there().append(commit, o),
    async *read(range, o) {
      yield* there().read(range, o);
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}
