import { isMillwrightError } from '@millwright/core';
import { describeFiles, type FileSource, manifestDigest } from '@millwright/core/artifact';
import type { Registry } from '@millwright/registry';
import { type MlflowClient, type MlflowOptions, type MlflowVersion, mlflowClient } from './client.js';
import { type MlflowReport, type MlflowStep, TAG } from './report.js';

/** What of a model in MLflow comes into this registry, and under which name. */
export interface MlflowImport extends MlflowOptions {
  /** Name of the model here. Default: its name there, which must be a name here, too. */
  readonly as?: string | undefined;
  /** Owner of the model here, for its first version. */
  readonly owner?: string | undefined;
  /** Aliases to move as they stand there, under the model's policy here. Default none: what serves is decided here. */
  readonly aliases?: readonly string[] | undefined;
  /** Largest sum of a version's files. Default 10 GiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * Registers the versions of a model of MLflow, with their files, tags and the metrics of their runs. Importing again adds what
 * is new. A version that is not ready, or whose files the server's artifact proxy does not hold, is refused and reported.
 * @throws `storage/failed`, `state/not-found` without an owner for a model that is new here, `input/invalid` for its name
 */
export async function importFromMlflow(
  registry: Registry,
  model: string,
  options: MlflowImport,
): Promise<MlflowReport> {
  const { as = model, owner, dryRun = false, aliases = [] } = options;
  const client = mlflowClient(options);
  const there = await client.model(model);
  const steps: MlflowStep[] = [{ what: 'model', from: model, to: as, outcome: modelOutcome(registry, as, there) }];
  if (there === undefined)
    return { steps: [{ ...steps[0]!, outcome: 'refused', why: `${client.server} has no such model` }] };
  const ids = idsHere(registry, as, client.server, model);
  for (const version of await client.versions(model)) {
    const from = `${model}/${version.version}`;
    const known = ids.get(version.version) ?? ownId(registry, as, version);
    if (known !== undefined) {
      ids.set(version.version, known);
      steps.push({ what: 'version', from, to: known, outcome: 'kept' });
      continue;
    }
    const read = await filesOf(client, version, options);
    if ('why' in read) {
      steps.push({ what: 'version', from, to: undefined, outcome: 'refused', why: read.why });
      continue;
    }
    const to = dryRun ? `${as}@…` : await add(registry, client, as, version, read.files, owner);
    ids.set(version.version, to);
    steps.push({ what: 'version', from, to, outcome: 'made' });
  }
  for (const alias of aliases) steps.push(await moveAlias(alias));
  return { steps };

  async function moveAlias(alias: string): Promise<MlflowStep> {
    const version = there?.aliases?.find((each) => each.alias === alias)?.version;
    const to = version === undefined ? undefined : ids.get(version);
    const step = { what: 'alias', from: `${model}/${alias}`, to } as const;
    if (to === undefined) return { ...step, outcome: 'refused', why: 'it points to nothing that was imported' };
    if (!dryRun) {
      if (registry.models.aliased(as, alias)?.id === to) return { ...step, outcome: 'kept' };
      try {
        await registry.models.moveAlias(as, alias, to, { reason: `as in MLflow at ${client.server}` });
      } catch (error) {
        if (!isMillwrightError(error, 'registry/denied')) throw error;
        return { ...step, outcome: 'refused', why: error.message };
      }
    }
    return { ...step, outcome: 'made' };
  }
}

function modelOutcome(registry: Registry, name: string, there: unknown): MlflowStep['outcome'] {
  if (there === undefined) return 'refused';
  try {
    registry.models.get(name);
    return 'kept';
  } catch (error) {
    if (isMillwrightError(error, 'state/not-found')) return 'made';
    throw error;
  }
}

/** Our ids by MLflow's numbers, of what was imported before. */
function idsHere(registry: Registry, as: string, server: string, model: string): Map<string, string> {
  const found = new Map<string, string>();
  const filter = { model: as, tags: { [TAG.server]: server, [TAG.name]: model } };
  for (let after: string | undefined; ; ) {
    const page = registry.models.search(filter, { after, limit: 1_000 });
    for (const { id, tags } of page.items) found.set(tags[TAG.number] ?? '', id);
    after = page.next;
    if (after === undefined) return found;
  }
}

/** A version that this ledger exported comes home. */
function ownId(registry: Registry, as: string, { tags = [] }: MlflowVersion): string | undefined {
  const tag = (name: string) => tags.find(({ key }) => key === name)?.value;
  const id = tag(TAG.version);
  return tag(TAG.ledger) === registry.ledger.id && id?.startsWith(`${as}@`) === true ? id : undefined;
}

async function filesOf(
  client: MlflowClient,
  { name, version, status = 'READY', tags = [] }: MlflowVersion,
  { maxBytes = MAX_BYTES }: MlflowImport,
): Promise<{ readonly files: Readonly<Record<string, FileSource>> } | { readonly why: string }> {
  if (status !== 'READY') return { why: `its status is ${status}` };
  const folder = proxied(await client.downloadUri(name, version));
  if (folder === undefined) return { why: 'its files are not behind the artifact proxy' };
  const list = await client.files(folder);
  if (list.length === 0) return { why: 'it has no files' };
  const bytes = list.reduce((sum, { size }) => sum + size, 0);
  if (bytes > maxBytes) return { why: `its files have ${bytes} bytes, and ${maxBytes} are allowed` };
  const files = Object.fromEntries(
    list.map(({ path }): [string, FileSource] => [path, { open: () => client.open(`${folder}/${path}`) }]),
  );
  const expected = tags.find(({ key }) => key === TAG.artifact)?.value;
  if (expected !== undefined && manifestDigest(await describeFiles(files)) !== expected)
    return { why: `its files are not those of ${expected}` };
  return { files };
}

async function add(
  registry: Registry,
  client: MlflowClient,
  as: string,
  { name, version, run_id: run, description = '', tags = [] }: MlflowVersion,
  files: Readonly<Record<string, FileSource>>,
  owner: string | undefined,
): Promise<string> {
  const metrics = run === undefined || run === '' ? {} : await client.metrics(run);
  const { id } = await registry.models.register(as, {
    files,
    description,
    // Tags of an export describe where it came from, and metrics that it had.
    metrics: { ...metrics, ...metricsIn(tags) },
    tags: {
      ...Object.fromEntries(
        tags.filter(({ key }) => !key.startsWith(TAG.metric)).map(({ key, value }) => [key, value]),
      ),
      ...{ [TAG.server]: client.server, [TAG.name]: name, [TAG.number]: version },
      ...(run === undefined || run === '' ? {} : { [TAG.run]: run }),
    },
    owner,
  });
  return id;
}

function metricsIn(tags: NonNullable<MlflowVersion['tags']>): Readonly<Record<string, number>> {
  const metrics = tags.filter(({ key }) => key.startsWith(TAG.metric));
  return Object.fromEntries(metrics.map(({ key, value }) => [key.slice(TAG.metric.length), Number(value)]));
}

/** The folder of the artifact proxy that a URI names, with or without its server. */
function proxied(uri: string): string | undefined {
  const found = /^mlflow-artifacts:(?:\/\/[^/]+)?\/+(?:api\/2\.0\/mlflow-artifacts\/artifacts\/)?(.+?)\/*$/.exec(uri);
  return found?.[1];
}

const MAX_BYTES = 10 * 2 ** 30;
