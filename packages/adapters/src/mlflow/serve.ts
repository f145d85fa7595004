import { invalidInput, isMillwrightError, MillwrightError } from '@millwright/core';
import type { ManifestFile } from '@millwright/core/artifact';
import type { ModelVersion, RegisteredModel, Registry } from '@millwright/registry';
import { type Authorise, admit } from '../http/access.js';
import { jsonResponse } from '../http/json.js';
import { problemOf } from '../http/problem.js';
import type { FetchHandler } from '../http/service.js';
import { TAG } from './report.js';

/** Who may read, and where in the URL the REST interface begins. */
export interface MlflowServeOptions {
  /** Asked for every request, with the action `mlflow.read`. Default: everybody who reaches the handler reads. */
  readonly authorise?: Authorise | undefined;
  /** What MLflow clients have after the host of their tracking URI. Default none. */
  readonly prefix?: string | undefined;
}

/**
 * The reading half of MLflow's registry API 2.0 and its artifact proxy, over a registry: jobs that know MLflow find models,
 * versions and aliases, and download their files, unchanged. Nothing can be written through it.
 * @example
 * const handle = mlflowHandler(registry); // mlflow.set_tracking_uri('http://…')
 */
export function mlflowHandler(registry: Registry, { authorise, prefix = '' }: MlflowServeOptions = {}): FetchHandler {
  const root = `${prefix}/api/2.0/`;
  return async (request) => {
    try {
      const { pathname, searchParams } = new URL(request.url);
      await admit(authorise, request, { kind: 'read', action: 'mlflow.read', params: {} });
      if (request.method !== 'GET' || !pathname.startsWith(root)) throw notFound('endpoint', pathname);
      const path = pathname.slice(root.length);
      if (path.startsWith(`${ARTIFACTS}/`)) return await download(registry, path.slice(ARTIFACTS.length + 1));
      const read = READS.get(path);
      if (read === undefined) throw notFound('endpoint', pathname);
      return jsonResponse(await read(registry, searchParams));
    } catch (error) {
      return refused(error);
    }
  };
}

type Read = (registry: Registry, query: URLSearchParams) => unknown;

const ARTIFACTS = 'mlflow-artifacts/artifacts';

const READS: ReadonlyMap<string, Read> = new Map<string, Read>([
  [
    'mlflow/registered-models/get',
    ({ models }, query) => ({ registered_model: modelOf(models.get(need(query, 'name'))) }),
  ],
  [
    'mlflow/registered-models/search',
    ({ models }, query) => {
      if (query.get('filter')) throw invalidInput('filter', 'none', query.get('filter'));
      const { items, next } = models.list({}, page(query));
      return { registered_models: items.map(modelOf), ...nextToken(next) };
    },
  ],
  [
    'mlflow/registered-models/alias',
    ({ models }, query) => {
      const [name, alias] = [need(query, 'name'), need(query, 'alias')];
      const version = models.aliased(name, alias);
      if (version === undefined) throw notFound('alias', `${name}/${alias}`);
      return { model_version: versionOf(version) };
    },
  ],
  ['mlflow/model-versions/get', (registry, query) => ({ model_version: versionOf(asked(registry, query)) })],
  ['mlflow/model-versions/get-download-uri', (registry, query) => ({ artifact_uri: sourceOf(asked(registry, query)) })],
  [
    'mlflow/model-versions/search',
    ({ models }, query) => {
      const { items, next } = models.search({ model: filteredName(query) }, page(query));
      return { model_versions: items.map(versionOf), ...nextToken(next) };
    },
  ],
  [
    ARTIFACTS,
    async (registry, query) => {
      const { files, below } = await located(registry, query.get('path') ?? '');
      return { files: listed(files, below) };
    },
  ],
]);

function modelOf({ name, description, tags, aliases, createdAt }: RegisteredModel) {
  return {
    name,
    description,
    creation_timestamp: createdAt,
    last_updated_timestamp: createdAt,
    tags: pairs(tags),
    aliases: Object.entries(aliases).map(([alias, id]) => ({ alias, version: id.slice(id.lastIndexOf('@') + 1) })),
  };
}

function versionOf(version: ModelVersion) {
  const { model, number, description, registeredBy, registeredAt, aliases, madeBy, tags, metrics } = version;
  const figures = Object.entries(metrics).map(([name, value]) => [`${TAG.metric}${name}`, String(value)]);
  return {
    name: model,
    version: String(number),
    description,
    user_id: registeredBy,
    creation_timestamp: registeredAt,
    last_updated_timestamp: registeredAt,
    current_stage: 'None',
    status: 'READY',
    source: sourceOf(version),
    run_id: '',
    aliases,
    tags: pairs({
      ...tags,
      ...Object.fromEntries(figures),
      ...{ [TAG.version]: version.id, [TAG.artifact]: version.artifact },
      ...(madeBy === undefined ? {} : { [TAG.madeBy]: madeBy }),
    }),
  };
}

function pairs(tags: Readonly<Record<string, string>>) {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

/** A name may have slashes and never a tilde. */
function sourceOf({ id }: ModelVersion): string {
  return `mlflow-artifacts:/millwright/${id.replaceAll('/', '~')}`;
}

/** The files of the version that a path of the proxy begins with, and what of the path lies below them. */
async function located(registry: Registry, path: string) {
  const found = /^millwright\/([^/]{1,200})(?:\/(.*))?$/.exec(path);
  if (found === null) throw notFound('artifact', path);
  const { artifact } = await registry.version(found[1]!.replaceAll('~', '/')).resolve();
  return { artifact, files: artifact.manifest.files, below: found[2] ?? '' };
}

/** One level of a folder, named as it is called in there. */
function listed(files: readonly ManifestFile[], folder: string) {
  const prefix = folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`;
  const entries = new Map<string, { path: string; is_dir: boolean; file_size?: number }>();
  for (const { path, size } of files) {
    if (!path.startsWith(prefix)) continue;
    const [name = '', ...rest] = path.slice(prefix.length).split('/');
    entries.set(name, rest.length > 0 ? { path: name, is_dir: true } : { path: name, is_dir: false, file_size: size });
  }
  return [...entries.values()];
}

async function download(registry: Registry, encoded: string): Promise<Response> {
  const { artifact, files, below } = await located(registry, decoded(encoded));
  const file = files.find(({ path }) => path === below);
  if (file === undefined) throw notFound('artifact', below);
  return new Response(await artifact.stream(file.path), {
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(file.size) },
  });
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidInput('path', 'percent-encoded UTF-8', path);
  }
}

function asked({ models }: Registry, query: URLSearchParams): ModelVersion {
  const { id } = models.get(need(query, 'name'));
  return models.version(`${id}@${need(query, 'version')}`);
}

/** The one filter that clients send to list a model's versions. */
function filteredName(query: URLSearchParams): string | undefined {
  const filter = query.get('filter') ?? '';
  if (filter === '') return undefined;
  const name = /^\s*name\s*=\s*(?:'([^']*)'|"([^"]*)")\s*$/.exec(filter);
  if (name === null) throw invalidInput('filter', "`name = '…'`", filter);
  return name[1] ?? name[2];
}

function need(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null || value === '') throw invalidInput(name, 'given', value);
  return value;
}

function page(query: URLSearchParams) {
  const limit = Number(query.get('max_results') ?? 100);
  return { limit: Math.min(limit, 1_000), after: query.get('page_token') ?? undefined };
}

function nextToken(next: string | undefined) {
  return next === undefined ? {} : { next_page_token: next };
}

/** MLflow's own words, which its clients switch on. */
function refused(error: unknown): Response {
  const { status, detail = 'The service failed.' } = problemOf(error);
  const error_code = isMillwrightError(error) ? (CODES.get(status) ?? 'INTERNAL_ERROR') : 'INTERNAL_ERROR';
  return jsonResponse({ error_code, message: detail }, { status });
}

const CODES: ReadonlyMap<number, string> = new Map([
  [400, 'INVALID_PARAMETER_VALUE'],
  [403, 'PERMISSION_DENIED'],
  [404, 'RESOURCE_DOES_NOT_EXIST'],
]);

function notFound(what: string, id: string): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `There is no ${what} \`${id}\`.`, { details: { what, id } });
}
