/**
 * A registry of 1,000 models, 100,000 versions and a million events in a folder: how long it takes to open it, to ask
 * who was champion at a time, to prove it, and to verify everything. The bare SHA-256 of the same leaves stands beside.
 * `npx tsx --conditions=@millwright/source packages/registry/bench/open.bench.ts [events] [folder to keep]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { folder } from '@millwright/adapters/fs';
import { digestBytes, encodeUtf8, type JsonObject } from '@millwright/core';
import { exportProof, leafHash, memoryPin, type NewEvent } from '@millwright/core/ledger';
import { ed25519Signer } from '@millwright/core/verifier';
import { openRegistry } from '../src/index.js';

const EVENTS_PER_VERSION = 10;
const MODELS = 1_000;
const events = Number(process.argv[2] ?? 1_000_000);
const kept = process.argv[3];
const root = kept ?? (await mkdtemp(join(tmpdir(), 'millwright-open-')));
const rows: { what: string; ms: string }[] = [];

async function measure<T>(what: string, task: () => Promise<T> | T, times = 1): Promise<T> {
  const taken: number[] = [];
  let result: T;
  do {
    const start = performance.now();
    result = await task();
    taken.push(performance.now() - start);
  } while (taken.length < times);
  taken.sort((a, b) => a - b);
  const median = taken[Math.floor(times / 2)]!;
  rows.push({ what, ms: times === 1 ? median.toFixed(1) : `${median.toFixed(2)} (best ${taken[0]!.toFixed(2)})` });
  return result;
}

/** What a version leaves in a ledger: its run, its figures, itself, its lineage, evidence and a tag. */
function lifeOf(i: number): NewEvent[] {
  const name = `model-${i % MODELS}`;
  const number = Math.floor(i / MODELS) + 1;
  const version = `${name}@${number}`;
  const [run, loss] = [`train-${name}@${number}`, 1 / (i + 1)];
  const digest = digestBytes(encodeUtf8(version));
  const event = (type: string, data: JsonObject): NewEvent => ({ type, data });
  const lineage = (kind: string, id: string, from: string) =>
    event('lineage.recorded', {
      nodes: [{ id: `${kind}:${id}`, kind, label: id }],
      edges: [{ from, to: `${kind}:${id}` }],
    });
  const move = number <= 5;
  return [
    ...(number === 1
      ? [event('model.created', { name, owner: `team-${i % 20}`, risk: 'limited', intendedUse: 'Plan crews.' })]
      : []),
    event('run.started', {
      name: `train-${name}`,
      number,
      parameters: { rate: 0.1, depth: 6 },
      seeds: [i],
      code: 'git:abc',
    }),
    lineage('run', run, `dataset:flights@${1 + (i % 50)}`),
    ...[0, 1].map((step) => event('run.logged', { run, step, metrics: { loss: loss / (step + 1) } })),
    event('run.finished', { run, status: 'succeeded', metrics: { auc: 0.7 + (i % 100) / 1_000 } }),
    event('version.registered', {
      ...{ model: name, number, kind: 'model', artifact: digest, size: 1_234_567, madeBy: run },
      metrics: { auc: 0.7 + (i % 100) / 1_000 },
      tags: { framework: 'onnx' },
    }),
    lineage('model', version, `run:${run}`),
    event('evidence.attached', { version, kind: 'gate', verdict: 'pass', digest, sentence: 'Better.', metrics: [] }),
    ...(number === 1 ? [] : [event('version.tagged', { version, tags: { reviewed: 'yes' } })]),
    move
      ? event('alias.moved', {
          ...{ model: name, alias: 'champion', to: version, generation: number, kind: 'move', reason: 'Better.' },
          ...(number === 1 ? {} : { from: `${name}@${number - 1}` }),
          ...{ evidence: [digest], breakGlass: false },
        })
      : event('version.tagged', { version, tags: { team: `team-${i % 20}` } }),
  ];
}

const opened: AsyncDisposable[] = [];
const open = async () => {
  const registry = await openRegistry(folder(root, { durability: 'relaxed' }), { actor: 'bench' });
  opened.push(registry);
  return registry;
};

const writer = await open();
if (writer.ledger.head.seq === 1) {
  const { ledger } = writer;
  await measure(`write ${events} events, 250 a commit`, async () => {
    for (let i = 0; i < events / EVENTS_PER_VERSION; i += 25) {
      const batch = Array.from({ length: 25 }, (_, k) => lifeOf(i + k)).flat();
      await ledger.commit(() => ({ events: batch, result: undefined }));
    }
  });
  if (writer.ignored().length > 0) throw new Error(JSON.stringify(writer.ignored()[0]));
  await measure('write the checkpoint', () => ledger.checkpoint());
}
await opened.pop()![Symbol.asyncDispose]();

const registry = await measure('open from the checkpoint', open, 5);
const model = 'model-77';
const time = registry.ledger.head.time - 1_000;
const record = await measure('champion at a time, first question', () =>
  registry.models.aliasAt(model, 'champion', time),
);
await measure('champion at a time, warm', () => registry.models.aliasAt(model, 'champion', time), 1_001);
await measure('first search', () => registry.models.search({ tags: { team: 'team-7' } }));
await measure(
  'search, warm',
  () => registry.models.search({ tags: { team: 'team-7' }, metrics: { auc: { atLeast: 0.75 } } }),
  101,
);
await measure('first look at the lineage', () => registry.lineage.nodes.size);

const keys = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
const proofs = { signers: [ed25519Signer('bench', keys.privateKey, publicKey)], lastSigned: memoryPin() };
await measure('first proof', () => registry.ledger.prove(record!.eventIndex));
await measure('proof, warm', () => registry.ledger.prove(record!.eventIndex), 101);
const file = await measure(
  'signed .tlog-proof file',
  () => exportProof(registry.ledger, record!.eventIndex, proofs),
  11,
);
rows.push({ what: 'bytes of that file', ms: String(file.length) });

const leaves: Uint8Array[] = [];
for await (const { type, data } of registry.ledger.read()) leaves.push(encodeUtf8(JSON.stringify({ data, type })));
await measure(`bare SHA-256 of ${leaves.length} leaves`, () => {
  for (const leaf of leaves) leafHash(leaf);
});
const report = await measure('verify everything', () => registry.ledger.verify());
if (!report.ok) throw new Error('not verified');
console.log(`${report.events} events, ${registry.models.list({}, { limit: 1_000 }).items.length} models`);
console.table(rows);
for (const each of opened) await each[Symbol.asyncDispose]();
if (kept === undefined) await rm(root, { recursive: true });
