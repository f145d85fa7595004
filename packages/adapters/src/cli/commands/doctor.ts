import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Command } from '../command.js';
import { table } from '../words.js';

/** What Millwright can use when it is there, and what for. */
const PEERS: readonly (readonly [name: string, purpose: string])[] = [
  ['onnxruntime-node', 'ONNX models in Node'],
  ['onnxruntime-web', 'ONNX models in pages, and as WASM in Node'],
  ['hyparquet', 'Parquet'],
  ['hyparquet-compressors', 'Parquet'],
  ['apache-arrow', 'Arrow IPC'],
  ['@duckdb/node-api', 'validating more than fits in memory'],
  ['@aws-sdk/client-s3', 'ledgers and models in S3'],
  ['pg', 'ledgers in PostgreSQL'],
];

export const doctor: Command = {
  summary: 'tells what this machine has: Node, optional libraries, execution providers, the folder',
  usage: '',
  takes: [0, 0],
  async run(call) {
    const from = createRequire(`${process.cwd()}/`);
    const peers = await Promise.all(
      PEERS.map(async ([name, purpose]) => ({ name, purpose, version: await versionOf(from, name) })),
    );
    const providers = await providersOf(from);
    const store = await call
      .registry(async ({ ledger, models }) => `${ledger.head.size} leaves, ${models.list().items.length} models`)
      .catch((error: Error) => `cannot be opened: ${error.message}`);
    const rows = peers.map(({ name, purpose, version }) => [name, version ?? 'not installed', purpose]);
    const lines = [
      `node ${process.version} on ${process.platform} ${process.arch}`,
      ...table(['library', 'version', 'for'], rows),
      `execution providers: ${providers.join(', ')}`,
      `folder: ${store}`,
    ];
    return { lines, json: { node: process.version, platform: process.platform, peers, providers, store } };
  },
};

async function versionOf(from: NodeJS.Require, name: string): Promise<string | undefined> {
  for (const folder of from.resolve.paths(name) ?? []) {
    const text = await readFile(`${folder}/${name}/package.json`, 'utf8').catch(() => undefined);
    if (text !== undefined) return String((JSON.parse(text) as { readonly version?: unknown }).version);
  }
  return undefined;
}

interface Backends {
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[];
}

/** What the installed onnxruntime-node was built with; whether a driver is there shows when a model is opened. */
async function providersOf(from: NodeJS.Require): Promise<readonly string[]> {
  try {
    const ort: Backends = await import(pathToFileURL(from.resolve('onnxruntime-node')).href);
    return ort.listSupportedBackends().map(({ name, bundled }) => (bundled ? name : `${name} (not bundled)`));
  } catch {
    return ['none: onnxruntime-node cannot be loaded'];
  }
}
