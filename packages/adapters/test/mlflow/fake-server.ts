/** The part of MLflow's public REST API 2.0 that registries use, in memory: two versions to a page, one artifact store. */
export interface FakeMlflow {
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly files: Map<string, Uint8Array>;
  readonly versions: FakeVersion[];
  readonly aliases: Map<string, string>;
  readonly models: Map<string, { readonly description: string }>;
  readonly runs: Map<string, readonly { readonly key: string; readonly value: unknown }[]>;
  /** What was asked, `GET registered-models/get`. */
  readonly asked: string[];
}

export interface FakeVersion {
  readonly name: string;
  readonly version: string;
  status: string;
  source: string;
  readonly run_id: string;
  readonly description: string;
  readonly tags: { key: string; value: string }[];
}

export function fakeMlflow(token = 'secret-token'): FakeMlflow {
  const server: FakeMlflow = {
    url: 'https://user:password@mlflow.test',
    fetch: answer,
    files: new Map(),
    versions: [],
    aliases: new Map(),
    models: new Map(),
    runs: new Map(),
    asked: [],
  };
  const { files, versions, aliases, models, runs, asked } = server;
  const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });
  const missing = () => json({ error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'secret words' }, 404);

  async function answer(address: string, init: RequestInit): Promise<Response> {
    const { pathname, searchParams: query } = new URL(address);
    const headers = new Headers(init.headers);
    if (headers.get('authorization') !== `Bearer ${token}`)
      return json({ error_code: 'UNAUTHENTICATED', message: headers.get('authorization') }, 401);
    const path = pathname.replace('/api/2.0/', '');
    asked.push(`${init.method} ${path}`);
    const artifact = /^mlflow-artifacts\/artifacts\/(.+)$/.exec(path)?.[1];
    if (artifact !== undefined) return file(decodeURIComponent(artifact), init);
    if (path === 'mlflow-artifacts/artifacts') return list(query.get('path') ?? '');
    const body = init.method === 'POST' ? JSON.parse(String(init.body)) : Object.fromEntries(query);
    return registry(`${init.method} ${path.replace('mlflow/', '')}`, body);
  }

  async function file(path: string, init: RequestInit): Promise<Response> {
    if (init.method === 'PUT') {
      files.set(path, new Uint8Array(await new Response(init.body as ReadableStream<Uint8Array>).arrayBuffer()));
      return json({});
    }
    const bytes = files.get(path);
    return bytes === undefined ? missing() : new Response(bytes as BodyInit);
  }

  function list(folder: string): Response {
    const names = new Map<string, { path: string; is_dir: boolean; file_size: number }>();
    for (const [path, { length }] of files) {
      if (!path.startsWith(`${folder}/`)) continue;
      const [name, ...rest] = path.slice(folder.length + 1).split('/');
      names.set(name!, { path: name!, is_dir: rest.length > 0, file_size: length });
    }
    return json({ files: [...names.values()] });
  }

  function registry(operation: string, body: Record<string, string> & { tags?: FakeVersion['tags'] }): Response {
    const { name = '', version = '' } = body;
    const model = () => ({
      registered_model: {
        ...{ name, description: models.get(name)?.description },
        aliases: [...aliases].map(([key, target]) => ({ alias: key.split('/')[1], version: target })),
      },
    });
    switch (operation) {
      case 'GET registered-models/get':
        return models.has(name) ? json(model()) : missing();
      case 'POST registered-models/create':
        if (models.has(name)) return json({ error_code: 'RESOURCE_ALREADY_EXISTS' }, 400);
        models.set(name, { description: body['description'] ?? '' });
        return json(model());
      case 'POST registered-models/alias':
        aliases.set(`${name}/${body['alias']}`, version);
        return json({});
      case 'POST model-versions/create': {
        if (!models.has(name)) return missing();
        const { source = '', run_id = '', description = '', tags = [] } = body;
        const made = { name, version: `${versions.length + 1}`, status: 'READY', source, run_id, description, tags };
        versions.push(made);
        return json({ model_version: made });
      }
      case 'GET model-versions/search': {
        const wanted = /^name='(.*)'$/.exec(body['filter'] ?? '')?.[1];
        // Newest first, as the server does.
        const found = versions.filter((each) => each.name === wanted).toReversed();
        const from = Number(body['page_token'] ?? 0);
        const next = from + 2 < found.length ? { next_page_token: String(from + 2) } : {};
        return json({ model_versions: found.slice(from, from + 2), ...next });
      }
      case 'GET model-versions/get-download-uri':
        return json({ artifact_uri: versions.find((each) => each.version === version)?.source });
      case 'GET runs/get': {
        const metrics = runs.get(body['run_id'] ?? '');
        return metrics === undefined ? missing() : json({ run: { data: { metrics } } });
      }
      default:
        return json({ error_code: 'ENDPOINT_NOT_FOUND' }, 404);
    }
  }
  return server;
}
