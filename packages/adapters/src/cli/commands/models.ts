import { invalidInput } from '@millwright/core';
import type { AliasRecord, ModelVersion } from '@millwright/registry';
import { type Answer, type Command, required } from '../command.js';
import { versionFiles } from '../files.js';
import { day, table } from '../words.js';

export const init: Command = {
  summary: 'makes a registry in the folder, with its first model',
  usage: '<model> --owner <who> [--risk <class>] [--use <what for>]',
  options: { owner: { type: 'string' }, risk: { type: 'string' }, use: { type: 'string' } },
  takes: [1, 1],
  async run(call) {
    const facts = { owner: required(call, 'owner'), risk: call.text('risk'), intendedUse: call.text('use') };
    const begin = { begin: true };
    const model = await call.registry((registry) => registry.models.create(call.args[0]!, facts), begin);
    return { lines: [`${model.name} belongs to ${model.owner}.`], json: model };
  },
};

export const register: Command = {
  summary: 'adds a version: files, or a folder of files',
  usage:
    '<model> <file or folder...> [--metric auc=0.71,...] [--from dataset:flights@1,...] [--run train@3] [--owner <who>]',
  options: {
    metric: { type: 'string' },
    from: { type: 'string' },
    run: { type: 'string' },
    owner: { type: 'string' },
    description: { type: 'string' },
  },
  takes: [2, 1_000],
  async run(call) {
    const [model, ...paths] = call.args;
    const files = await versionFiles(paths);
    return call.registry(async ({ models }) => {
      const version = await models.register(model!, {
        files,
        onProgress: ({ done, total }) => call.progress(done, total, 'bytes stored'),
        metrics: figures(call.text('metric')),
        madeFrom: call.text('from')?.split(','),
        madeBy: call.text('run'),
        owner: call.text('owner'),
        description: call.text('description'),
      });
      const count = Object.keys(files).length;
      return {
        lines: [`${version.id}: ${count} ${count === 1 ? 'file' : 'files'}, ${version.artifact}`],
        json: version,
      };
    });
  },
};

export const models: Command = {
  summary: 'lists models, or the versions of one',
  usage: '[<model>]',
  takes: [0, 1],
  run: (call) =>
    call.registry(async ({ models: all }) => {
      const [name] = call.args;
      if (name === undefined) {
        const { items } = all.list();
        const rows = items.map((m) => [m.name, m.owner, String(m.versions), aliasesOf(m.aliases)]);
        return { lines: table(['model', 'owner', 'versions', 'aliases'], rows), json: items };
      }
      const versions = all.versions(name);
      const rows = versions.map((v) => [v.id, v.stage, day(v.registeredAt), v.registeredBy, metricsOf(v)]);
      return { lines: table(['version', 'stage', 'since', 'by', 'metrics'], rows), json: versions };
    }),
};

export const promote: Command = {
  summary: 'moves an alias to a version, by the rules of the model',
  usage: '<model@number> --reason <why> [--alias champion]',
  options: { reason: { type: 'string' }, alias: { type: 'string' } },
  takes: [1, 1],
  run: (call) =>
    call.registry(async (registry) => {
      const version = registry.models.version(call.args[0]!);
      const alias = call.text('alias') ?? 'champion';
      return moved(
        await registry.models.moveAlias(version.model, alias, version, { reason: required(call, 'reason') }),
      );
    }),
};

export const rollback: Command = {
  summary: 'moves an alias back to the version before; asks nobody',
  usage: '<model> --reason <why> [--alias champion]',
  options: { reason: { type: 'string' }, alias: { type: 'string' } },
  takes: [1, 1],
  run: (call) =>
    call.registry(async (registry) =>
      moved(
        await registry.models.rollBack(call.args[0]!, call.text('alias') ?? 'champion', {
          reason: required(call, 'reason'),
        }),
      ),
    ),
};

export const history: Command = {
  summary: 'tells where an alias pointed, since when, by whom and why',
  usage: '<model> [--alias champion]',
  options: { alias: { type: 'string' } },
  takes: [1, 1],
  run: (call) =>
    call.registry(async (registry) => {
      const records = registry.models.history(call.args[0]!, call.text('alias') ?? 'champion');
      const rows = records.map((r) => [r.version ?? 'nothing', day(r.time), r.by, r.reason]);
      return { lines: table(['version', 'since', 'by', 'reason'], rows), json: records };
    }),
};

function moved(record: AliasRecord): Answer {
  const { model, alias, version, by, reason } = record;
  return { lines: [`${model} ${alias} is ${version} now, by ${by}: ${reason}`], json: record };
}

function figures(text: string | undefined): Record<string, number> | undefined {
  if (text === undefined) return undefined;
  const pairs = text.split(',').map((pair): [string, number] => {
    const [name, value] = pair.split('=');
    if (!name || value === undefined || value === '' || !Number.isFinite(Number(value)))
      throw invalidInput('--metric', 'names with numbers, such as `auc=0.71,loss=0.4`', pair);
    return [name, Number(value)];
  });
  return Object.fromEntries(pairs);
}

function aliasesOf(aliases: Readonly<Record<string, string>>): string {
  return Object.entries(aliases)
    .map(([alias, version]) => `${alias} = ${version}`)
    .join(', ');
}

function metricsOf({ metrics }: ModelVersion): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
