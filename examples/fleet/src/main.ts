import { setTimeout as wait } from 'node:timers/promises';
import { encodeUtf8, seededRandom } from '@millwright/core';
import { lastRollout, rolloutProjection } from '@millwright/serving/rollout';
import { emptyDatabase } from './empty-database.js';
import { eventsOf } from './events-of.js';
import { MODEL, openFactory } from './factory.js';
import { openFleet } from './fleet.js';

await using server = await emptyDatabase();
await using factory = await openFactory(server.url, 'maria');
const { registry } = factory;

// The first price list forgot Portugal, the second has everything, the third forgot France.
for (const rates of [
  { DE: 4, FR: 5 },
  { DE: 4, FR: 5, PT: 7 },
  { DE: 3, PT: 6 },
])
  await registry.models.register(MODEL, {
    files: { 'rates.json': encodeUtf8(JSON.stringify(rates)) },
    owner: 'logistics',
  });
await registry.models.moveAlias(MODEL, 'champion', `${MODEL}@1`, { reason: 'The first list.' });

await using fleet = openFleet(server.url);
await Promise.all(['a', 'b', 'c'].map(fleet.start));
console.log('a, b and c serve shipping@1, which has no price for Portugal');

// Customers ask all the time, one in five from Portugal.
const random = seededRandom(1);
const closing = new AbortController();
let unanswered = 0;
const customers = Array.from({ length: 6 }, async (_, i) => {
  for (let n = 0; !closing.signal.aborted; n++) {
    const country = ['DE', 'DE', 'FR', 'FR', 'PT'][Math.floor(5 * random.next())]!;
    const version = await fleet.ask({ country, kg: 2 }, `customer-${i}-${n}`);
    if (version === undefined) unanswered++;
    await wait(10);
  }
});

// What the processes do is read from the ledger, where each of them writes it.
await registry.ledger.use(rolloutProjection);
const rollout = () => lastRollout(registry.ledger.state(rolloutProjection), MODEL, 'champion')!;
const until = eventsOf(factory, closing);

fleet.rollOut(`${MODEL}@2`);
const first = await until('rollout.stageEntered');
console.log(`${first.actor} gives 10 % of the customers shipping@2`);
const second = await until('rollout.stageEntered');
await fleet.kill(second.actor);
console.log(`${second.actor} gives 50 % of them shipping@2, and is killed the moment it has said so`);
const promotion = await until('rollout.cutoverCommitted');
console.log(`${promotion.actor} makes shipping@2 the champion. ${rollout().evidence!.evidence.because.sentence}`);
await until('rollout.completed');
console.log(`${second.actor} is started again and serves ${await fleet.start(second.actor)}`);

unanswered = 0;
fleet.rollOut(`${MODEL}@3`);
const third = await until('rollout.stageEntered');
console.log(`${third.actor} gives 10 % of the customers shipping@3, which has no price for France`);
const verdict = await until('rollout.rollbackStarted');
const end = await until('rollout.rolledBack');
console.log(`${verdict.actor} takes it back. ${rollout().cause!.sentence}`);
console.log(
  `${end.time - verdict.time} ms later the last of ${Object.keys(rollout().replicas).length} processes had followed`,
);
console.log(`${unanswered} customers went without a price meanwhile: where shipping@3 had none, the champion had`);

closing.abort();
await Promise.all(customers);
console.log(
  `champion: ${registry.models.aliased(MODEL, 'champion')!.id}, ledger ok: ${(await registry.ledger.verify()).ok}`,
);
