import { type Abortable, MillwrightError } from '@millwright/core';

/** Where the tracking server is, and how it is asked. */
export interface MlflowOptions extends Abortable {
  /** Of the tracking server: `https://mlflow.example.org`. */
  readonly url: string;
  /** Such as `authorization`. They are sent to this server only, and appear in no message. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sends the requests, through a proxy for instance. Default the global `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Changes nothing, and says what would be done. */
  readonly dryRun?: boolean | undefined;
}

/** MLflow's REST API 2.0, as far as models go, and its artifact proxy. */
export interface MlflowClient {
  /** Name and port, for tags: never the credentials of its URL. */
  readonly server: string;
  model(name: string): Promise<MlflowModel | undefined>;
  /** All versions, oldest first. */
  versions(name: string): Promise<readonly MlflowVersion[]>;
  createModel(model: { readonly name: string; readonly description: string }): Promise<void>;
  createVersion(version: NewMlflowVersion): Promise<MlflowVersion>;
  setAlias(name: string, alias: string, version: string): Promise<void>;
  /** The last value of every metric of a run; nothing for a run that is gone. */
  metrics(runId: string): Promise<Readonly<Record<string, number>>>;
  downloadUri(name: string, version: string): Promise<string>;
  /** Files below a folder of the proxy, by their path in it. @throws `artifact/invalid` when there are too many */
  files(folder: string): Promise<readonly { readonly path: string; readonly size: number }[]>;
  open(path: string): Promise<ReadableStream<Uint8Array>>;
  put(path: string, body: ReadableStream<Uint8Array>): Promise<void>;
}

export interface MlflowModel {
  readonly name: string;
  readonly description?: string;
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

export interface MlflowVersion {
  readonly name: string;
  readonly version: string;
  readonly status?: string;
  readonly source?: string;
  readonly run_id?: string;
  readonly description?: string;
  readonly tags?: readonly Tag[];
}

export interface NewMlflowVersion {
  readonly name: string;
  readonly source: string;
  readonly description: string;
  readonly tags: readonly Tag[];
}

interface Tag {
  readonly key: string;
  readonly value: string;
}

/** @throws `storage/failed` from every call that the server refuses, with its error code */
export function mlflowClient({ url, headers = {}, signal, fetch: send = fetch }: MlflowOptions): MlflowClient {
  const base = url.replace(/\/+$/, '');
  const server = new URL(base).host;

  async function call(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const operation = `${method} ${path.split('?')[0]}`;
    const sent = {
      ...init,
      method,
      headers: { ...headers, ...init.headers },
      ...(signal === undefined ? {} : { signal }),
    };
    const response = await send(`${base}/api/2.0/${path}`, sent).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw failed(operation, 'it did not answer', cause);
    });
    if (!response.ok) throw failed(operation, await errorCode(response));
    return response;
  }

  function failed(operation: string, reason: string, cause?: unknown): MlflowError {
    return new MillwrightError('storage/failed', `MLflow at ${server}: ${operation} failed: ${reason}.`, {
      details: { store: server, operation },
      cause: cause ?? reason,
    });
  }

  const get = async <T>(path: string, query: Readonly<Record<string, string>>): Promise<T> =>
    (await call('GET', `mlflow/${path}?${new URLSearchParams(query)}`)).json() as Promise<T>;
  const post = async <T>(path: string, body: object): Promise<T> => {
    const init = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return (await call('POST', `mlflow/${path}`, init)).json() as Promise<T>;
  };
  const artifact = (path: string) => `mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`;

  return {
    server,
    async model(name) {
      const found = await orNothing(get<{ registered_model: MlflowModel }>('registered-models/get', { name }));
      return found?.registered_model;
    },
    async versions(name) {
      const all: MlflowVersion[] = [];
      const filter = `name=${name.includes("'") ? `"${name}"` : `'${name}'`}`;
      for (let page_token = ''; ; ) {
        const query = { filter, max_results: '200', ...(page_token === '' ? {} : { page_token }) };
        const page = await get<VersionPage>('model-versions/search', query);
        all.push(...(page.model_versions ?? []));
        page_token = page.next_page_token ?? '';
        if (page_token === '') break;
      }
      return all.sort((a, b) => Number(a.version) - Number(b.version));
    },
    async createModel(model) {
      await post('registered-models/create', model);
    },
    async createVersion(version) {
      return (await post<{ model_version: MlflowVersion }>('model-versions/create', version)).model_version;
    },
    async setAlias(name, alias, version) {
      await post('registered-models/alias', { name, alias, version });
    },
    async metrics(run_id) {
      const found = await orNothing(get<RunAnswer>('runs/get', { run_id }));
      const metrics = found?.run.data?.metrics ?? [];
      // What is no number in JSON comes as a text.
      return Object.fromEntries(metrics.map(({ key, value }) => [key, Number(value)]));
    },
    async downloadUri(name, version) {
      return (await get<{ artifact_uri: string }>('model-versions/get-download-uri', { name, version })).artifact_uri;
    },
    async files(folder) {
      const files: { path: string; size: number }[] = [];
      const folders = [''];
      for (let at = 0; at < folders.length; at++) {
        const path = folders[at]!;
        const query = new URLSearchParams({ path: `${folder}/${path}`.replace(/\/$/, '') });
        const response = await call('GET', `mlflow-artifacts/artifacts?${query}`);
        for (const each of ((await response.json()) as FileList).files ?? []) {
          const below = `${path}${each.path}`;
          if (each.is_dir === true) folders.push(`${below}/`);
          else files.push({ path: below, size: Number(each.file_size ?? 0) });
        }
        if (files.length + folders.length > MAX_FILES)
          throw new MillwrightError('artifact/invalid', `There are more than ${MAX_FILES} files in \`${folder}\`.`, {
            details: { path: folder, reason: 'too many files' },
          });
      }
      return files;
    },
    async open(path) {
      return (await call('GET', artifact(path))).body ?? new Blob([]).stream();
    },
    async put(path, body) {
      await call('PUT', artifact(path), { body, duplex: 'half' } as RequestInit);
    },
  };
}

type MlflowError = MillwrightError<'storage/failed'>;

interface VersionPage {
  readonly model_versions?: readonly MlflowVersion[];
  readonly next_page_token?: string;
}

interface RunAnswer {
  readonly run: { readonly data?: { readonly metrics?: readonly { readonly key: string; readonly value: unknown }[] } };
}

interface FileList {
  readonly files?: readonly { readonly path: string; readonly is_dir?: boolean; readonly file_size?: unknown }[];
}

const MAX_FILES = 10_000;
const MISSING = 'RESOURCE_DOES_NOT_EXIST';

/** MLflow's own word for what went wrong. Its messages may quote what was sent. */
async function errorCode(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { readonly error_code?: unknown };
  return typeof body.error_code === 'string' ? body.error_code : `HTTP ${response.status}`;
}

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MillwrightError && error.cause === MISSING) return undefined;
    throw error;
  }
}
