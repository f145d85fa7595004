import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isMillwrightError } from '@millwright/core';
import { onnx } from '@millwright/serving/onnx';
import { probeBucket } from '../../s3.js';
import type { Answer, Call, Command } from '../command.js';
import { table } from '../words.js';

const OWN = ['core', 'registry', 'drift', 'serving', 'adapters'].map((name) => `@millwright/${name}`);

/** What Millwright can use when it is there, and what for. */
const PEERS: readonly (readonly [name: string, purpose: string])[] = [
  ['onnxruntime-node', 'ONNX models in Node'],
  ['onnxruntime-web', 'ONNX models in pages, and as WASM in Node'],
  ['hyparquet', 'reading Parquet'],
  ['hyparquet-compressors', 'reading Parquet'],
  ['hyparquet-writer', 'writing Parquet'],
  ['apache-arrow', 'Arrow IPC'],
  ['@duckdb/node-api', 'validating more than fits in memory'],
  ['@aws-sdk/client-s3', 'ledgers and models in S3'],
  ['pg', 'ledgers in PostgreSQL'],
  ['@opentelemetry/api', 'traces and metrics'],
  ['@openfeature/server-sdk', 'endpoints as flags'],
];

/** The oldest Node that is tested. */
const NODE = [20, 19] as const;

export const doctor: Command = {
  summary: 'tells what this machine has, and what it lacks: Node, libraries, execution providers, the folder, a bucket',
  usage: '[--s3 <bucket[/prefix]>] [--endpoint <url>] [--region <region>]',
  options: { s3: { type: 'string' }, endpoint: { type: 'string' }, region: { type: 'string' } },
  takes: [0, 0],
  async run(call): Promise<Answer> {
    const from = createRequire(`${process.cwd()}/`);
    const versions = (names: readonly string[]) => Promise.all(names.map((name) => versionOf(from, name)));
    const own = await versions(OWN);
    const installed = await versions(PEERS.map(([name]) => name));
    const peers = PEERS.map(([name, purpose], i) => ({ name, purpose, version: installed[i] }));
    const providers = await onnx().probe();
    const store = await call
      .registry(async ({ ledger, models }) => `${ledger.head.size} leaves, ${models.list().items.length} models`)
      .catch((error: Error) => `cannot be opened: ${error.message}`);
    const s3 = await bucket(call);
    const old = !newEnough(process.versions.node);
    const lines = [
      `node ${process.version} on ${process.platform} ${process.arch}${old ? `: too old, ${NODE.join('.')} is needed` : ''}`,
      ...table(
        ['library', 'version', 'for'],
        [
          ...OWN.map((name, i) => [name, own[i] ?? 'not found from here', '']),
          ...peers.map(({ name, version, purpose }) => [name, version ?? 'not installed', purpose]),
        ],
      ),
      '',
      ...table(
        ['execution provider', 'here', ''],
        providers.map(({ name, available, reason = '' }) => [name, available ? 'yes' : 'no', oneLine(reason)]),
      ),
      '',
      `folder: ${store}`,
      ...(s3 === undefined ? [] : [`${s3.store}: ${s3.reason ?? 'keeps conditions, and can hold a ledger'}`]),
    ];
    const json = {
      node: process.version,
      platform: process.platform,
      own: pairs(OWN, own),
      peers,
      providers,
      store,
      s3,
    };
    return { lines, json, exit: old || s3?.reason !== undefined ? 'no' : 'ok' };
  },
};

/** Whether a bucket can hold a ledger. Credentials are found as the SDK of AWS finds them. */
async function bucket(call: Call): Promise<{ readonly store: string; readonly reason?: string } | undefined> {
  const place = call.text('s3');
  if (place === undefined) return undefined;
  const [name = '', ...prefix] = place.split('/');
  const [endpoint, region] = [call.text('endpoint'), call.text('region')];
  const config = {
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined ? {} : { region }),
  };
  const store = `s3(${place})`;
  try {
    await probeBucket({ bucket: name, prefix: prefix.join('/'), config });
    return { store };
  } catch (error) {
    if (!isMillwrightError(error)) throw error;
    return { store, reason: error.message };
  }
}

async function versionOf(from: NodeJS.Require, name: string): Promise<string | undefined> {
  for (const folder of from.resolve.paths(name) ?? []) {
    const text = await readFile(`${folder}/${name}/package.json`, 'utf8').catch(() => undefined);
    if (text !== undefined) return String((JSON.parse(text) as { readonly version?: unknown }).version);
  }
  return undefined;
}

function newEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function pairs(names: readonly string[], versions: readonly (string | undefined)[]) {
  return Object.fromEntries(names.map((name, i) => [name, versions[i]]));
}
