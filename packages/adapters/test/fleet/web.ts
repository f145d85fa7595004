import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setImmediate as later } from 'node:timers/promises';
import { openRegistry } from '@millwright/registry';
import {
  createEndpoint,
  functionRuntime,
  type ModelRuntime,
  type TensorFunction,
  tensor,
  tensors,
} from '@millwright/serving';
import { defineRollout, startRollout } from '@millwright/serving/rollout';
import { openStore, type Store } from './store.js';

/** A service over HTTP that changes its model while it answers: says its port, then what becomes of the rollout. */
const store = JSON.parse(process.argv[2] ?? '') as Store;
const say = (what: object) => void writeSync(1, `${JSON.stringify(what)}\n`);
const storage = openStore(store);
const registry = await openRegistry(storage, { actor: 'web' });

/** A model that answers with its own number, as its file says, and that cannot answer once it is closed. */
const runtime: ModelRuntime = {
  id: 'numbers',
  probe: async () => [],
  async load(artifact, plan, o) {
    const number = Number(new TextDecoder().decode(await artifact.bytes('model.txt')));
    let open = true;
    const answer: TensorFunction = async (feeds) => {
      const rows = feeds.get('x')!.dims[0]!;
      await later();
      if (!open) throw new Error(`model ${number} was closed while it answered`);
      return tensors({ version: tensor('float32', [rows], new Float32Array(rows).fill(number)) });
    };
    const loaded = await functionRuntime(answer, {
      inputs: [{ name: 'x', dtype: 'float32', dims: ['rows'] }],
      outputs: [{ name: 'version', dtype: 'float32', dims: ['rows'] }],
      concurrency: 4,
    }).load(artifact, plan, o);
    const close = () => {
      open = false;
      return loaded.close();
    };
    return { ...loaded, close, [Symbol.asyncDispose]: close };
  },
};
// A starved machine must not make it refuse requests: this is about the cutover.
const deadlineMs = Number.POSITIVE_INFINITY;
const endpoint = await createEndpoint({ model: registry.alias('flight', 'champion'), runtime, deadlineMs });

const server = createServer((request, response) => {
  const unit = request.url?.slice(1) ?? '';
  endpoint.predict({ x: 1 }, { unit }).then(
    ({ output, served }) => response.end(JSON.stringify({ output, served: served.model })),
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});
server.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
say({ port: typeof address === 'object' ? address?.port : undefined });

const rollout = await startRollout(
  registry,
  endpoint,
  defineRollout({
    challenger: 'flight@2',
    mode: 'blueGreen',
    minDwell: 3_000,
    bake: 3_000,
    minUnits: 0,
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 }, role: 'guardrail' }],
  }),
  { tickMs: 100 },
);
rollout.events.on('promoted', () => say({ status: 'baking' }));
rollout.events.on('completed', () => say({ status: 'completed' }));
