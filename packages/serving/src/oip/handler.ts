import { type ErrorCode, isMillwrightError, MillwrightError, type RequestContext } from '@millwright/core';
import type { TensorSpec } from '../runtime/types.js';
import { unfit } from '../tensor/tensor.js';
import { MAX_BODY_BYTES, readBody } from './body.js';
import { datatypeOf } from './datatypes.js';
import { decodeRequest, encodeResponse, type InferenceRequest, JSON_LENGTH } from './message.js';
import type { ServedModel } from './served.js';

/** Which models are served over the protocol, where, and for whom. */
export interface OpenInferenceHandlerOptions {
  /** What is served, by name. */
  readonly models: Readonly<Record<string, ServedModel>>;
  /** Where the protocol begins, when it is not at the root: `/inference`. */
  readonly basePath?: string | undefined;
  /** Longest body that is read. Default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Who a request is for and until when it may be answered, from its headers and its parameters. */
  readonly context?: ((request: Request, body: InferenceRequest) => RequestContext) | undefined;
  /** False while the service should get no requests. Default always ready. */
  readonly isReady?: (() => boolean) | undefined;
  /** What went wrong inside, which the client is not told. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Serves models over the Open Inference Protocol v2 (REST, with the binary tensor extension), for whatever speaks
 * `Request` and `Response`: Node's and Deno's servers, Bun, Hono, a service worker. Paths with and without a version
 * are taken. It never throws and never rejects: a mistake of the client is a 4xx with what was expected, anything else
 * a 5xx without details.
 *
 * It does not compress, so that a body is never larger than it says; authenticate in front of it.
 */
export function openInferenceHandler(options: OpenInferenceHandlerOptions): (request: Request) => Promise<Response> {
  const { basePath = '', maxBodyBytes = MAX_BODY_BYTES, context, isReady = () => true, onError } = options;
  // A Map: a model may be asked for by the name `__proto__`.
  const models = new Map(Object.entries(options.models));

  async function handle(request: Request): Promise<Response> {
    const path = pathOf(request, basePath);
    if (path === undefined) return failure(404, 'There is nothing here.');
    if (path.length === 0)
      return asks(request, 'GET') ?? json({ name: 'millwright', version: '2', extensions: EXTENSIONS });
    if (path[0] === 'health' && path.length === 2) return asks(request, 'GET') ?? health(path[1]!, isReady());
    const asked = modelPath(path);
    const model = asked && models.get(asked.name);
    if (asked === undefined || model === undefined || !hasVersion(model, asked.version))
      return failure(404, 'There is no such model.');
    if (asked.action === 'infer') return asks(request, 'POST') ?? (await infer(request, asked.name, model));
    if (asked.action === 'ready') return asks(request, 'GET') ?? new Response(null, { status: isReady() ? 200 : 503 });
    return asks(request, 'GET') ?? json(metadata(asked.name, model));
  }

  async function infer(request: Request, name: string, model: ServedModel): Promise<Response> {
    const refusal = unsupported(request);
    if (refusal !== undefined) return refusal;
    const body = decodeRequest(await readBody(request, maxBodyBytes), request.headers.get(JSON_LENGTH));
    for (const output of body.outputs)
      if (!model.outputs.some((spec) => spec.name === output)) throw unfit(output, 'an output of the model', 'none');
    const { outputs, parameters } = await model.infer(body.inputs, {
      signal: request.signal,
      ...context?.(request, body),
    });
    const wanted = body.outputs.length === 0 ? model.outputs.map((spec) => spec.name) : body.outputs;
    const given = new Map(
      wanted.map((output) => {
        const found = outputs.get(output);
        if (found !== undefined) return [output, found];
        throw new MillwrightError('serving/model-failed', `The output \`${output}\` is missing.`, {
          details: { model: name },
        });
      }),
    );
    const { body: bytes, headers } = encodeResponse(given, {
      id: body.id,
      modelName: name,
      modelVersion: model.version,
      parameters,
      isBinary: body.wantsBinary,
    });
    return new Response(bytes, { headers });
  }

  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (request.signal.aborted) return failure(499, 'The client has gone.');
      const response = refused(error);
      if (response.status >= 500) report(onError, error);
      return response;
    }
  };
}

const EXTENSIONS = ['binary_tensor_data'];

interface ModelPath {
  readonly name: string;
  readonly version: string | undefined;
  readonly action: string | undefined;
}

/** The decoded segments behind `/v2`; undefined for another path. */
function pathOf(request: Request, basePath: string): readonly string[] | undefined {
  const { pathname } = new URL(request.url);
  const base = `${basePath.replace(/\/+$/, '')}/v2`;
  if (pathname !== base && !pathname.startsWith(`${base}/`)) return undefined;
  try {
    return pathname
      .slice(base.length)
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** `models/{name}[/versions/{version}][/infer|ready]` */
function modelPath([models, name, ...rest]: readonly string[]): ModelPath | undefined {
  if (models !== 'models' || name === undefined) return undefined;
  const [version, tail] = rest[0] === 'versions' ? [rest[1], rest.slice(2)] : [undefined, rest];
  const [action] = tail;
  if ((rest[0] === 'versions' && version === undefined) || tail.length > 1) return undefined;
  return action === undefined || action === 'infer' || action === 'ready' ? { name, version, action } : undefined;
}

function hasVersion(model: ServedModel, version: string | undefined): boolean {
  return version === undefined || version === model.version;
}

function asks(request: Request, method: 'GET' | 'POST'): Response | undefined {
  if (request.method === method || (method === 'GET' && request.method === 'HEAD')) return undefined;
  return failure(405, `Use ${method}.`, { allow: method });
}

function health(which: string, ready: boolean): Response {
  if (which === 'live') return new Response(null, { status: 200 });
  return which === 'ready' ? new Response(null, { status: ready ? 200 : 503 }) : failure(404, 'There is nothing here.');
}

function metadata(name: string, { version, platform, inputs, outputs }: ServedModel): object {
  return {
    name,
    ...(version === undefined ? {} : { versions: [version] }),
    platform,
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  };
}

/** A dimension of any size is -1. */
function tensorMetadata({ name, dtype, dims = [] }: TensorSpec): object {
  return { name, datatype: datatypeOf(dtype), shape: dims.map((dim) => (typeof dim === 'number' ? dim : -1)) };
}

/** Content types that a page of another origin cannot send without asking first, and no encoding that inflates. */
function unsupported({ headers }: Request): Response | undefined {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json' && type !== 'application/octet-stream')
    return failure(415, 'Send application/json, or application/octet-stream with binary tensors.');
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity')
    return failure(415, 'Send the body uncompressed.');
  return undefined;
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  'input/invalid': 400,
  'serving/tensor': 400,
  'contract/violated': 400,
  'input/too-large': 413,
  'serving/abstained': 422,
  'serving/overloaded': 503,
  'queue/full': 503,
  'state/closed': 503,
  'serving/deadline': 504,
};

function refused(error: unknown): Response {
  if (!isMillwrightError(error)) return failure(500, 'The request could not be answered.');
  const status = STATUS_OF[error.code] ?? 500;
  if (status === 500) return failure(500, `The request could not be answered (${error.code}).`);
  const waitMs = isMillwrightError(error, 'serving/overloaded') ? error.details.retryAfterMs : undefined;
  return failure(
    status,
    error.message,
    waitMs === undefined ? {} : { 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  );
}

function failure(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Response {
  return json({ error }, status, headers);
}

function json(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...headers, 'content-type': 'application/json' } });
}

function report(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // Whoever listens must not take the answer away.
  }
}
