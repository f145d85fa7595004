import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpService } from '@millwright/adapters/http';
import { toNode } from '@millwright/adapters/http/node';
import { createEndpoint } from '@millwright/serving';
import { defineRollout, type Rollout, startRollout } from '@millwright/serving/rollout';
import { MODEL, openFactory, type Parcel, pricing } from './factory.js';

// One process of the fleet: serves the model over HTTP and takes part in its rollouts.
const [url = '', name = '', running] = process.argv.slice(2);
const { registry, wake } = await openFactory(url, name);
const endpoint = await createEndpoint<Parcel, { euros: number }>({
  model: registry.alias(MODEL, 'champion'),
  predictor: pricing,
});

/** Every process does this, and whoever does it late joins. Who looks first takes the next step; nobody takes it again. */
async function take(challenger: string): Promise<void> {
  await rollout?.close();
  const plan = defineRollout({
    challenger,
    stages: ['10%', '50%'],
    minDwell: '1s', // yours lasts hours
    minUnits: 50,
    bake: '1s',
    hardTtl: '3s', // who was not heard of for so long is not waited for, and serves the champion alone
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } }],
  });
  rollout = await startRollout(registry, endpoint, plan, { replica: name, wake, tickMs: 500, flushMs: 500 });
}

let rollout: Rollout | undefined;
if (running !== undefined) await take(running);
process.on('message', (challenger: string) => void take(challenger));

const server = createServer(toNode(httpService({ endpoints: { [MODEL]: endpoint } })));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
