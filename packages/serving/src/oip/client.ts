import {
  type Abortable,
  abortable,
  type Clock,
  defined,
  invalidInput,
  isMillwrightError,
  MillwrightError,
  type Random,
  systemClock,
  systemRandom,
} from '@millwright/core';
import * as z from 'zod/mini';
import type { TensorMap } from '../tensor/index.js';
import { type Attempts, attempts } from './attempts.js';
import { MAX_BODY_BYTES, readBody } from './body.js';
import { type Limiter, limiter } from './limiter.js';
import { decodeResponse, encodeRequest, type InferenceResponse, JSON_LENGTH, parse, readJson } from './message.js';

/** Which server is asked, and what is done about slow and failing calls. */
export interface OpenInferenceClientOptions {
  /** The server, with the path before `/v2` if there is one: `https://models.internal:8000`. Nothing else is ever asked. */
  readonly url: string;
  /** Sent with every request: authorization, for instance. Asked for each time when it is a function. */
  readonly headers?: Readonly<Record<string, string>> | (() => Promise<Readonly<Record<string, string>>>) | undefined;
  /** For credentials, proxies, certificates, tests. It must not follow redirects. Default the global `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Tensors as bytes instead of JSON. Default: when the server says that it can (`binary_tensor_data`). */
  readonly binary?: boolean | undefined;
  /** How long a call may take with all its attempts. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Longest answer that is read. Default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Calls that may overlap: where the adaptive limit begins and ends. Default 8, at most 256. */
  readonly concurrency?: { readonly initial?: number | undefined; readonly max?: number | undefined } | undefined;
  /** The models have no memory of calls, so that one may be sent twice. Default true. */
  readonly idempotent?: boolean | undefined;
  /** Share of calls that may be tried again. Default 0.1. */
  readonly retryShare?: number | undefined;
  /** Share of calls that may be sent a second time because they take long. Default 0.05. */
  readonly hedgeShare?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** A model as the server calls it. Without `version` the server chooses. */
export interface ModelName {
  readonly name: string;
  readonly version?: string | undefined;
}

/** A model as its server describes it. */
export type ModelMetadata = z.infer<typeof metadataSchema>;

/** Calls one server over the Open Inference Protocol v2. */
export interface OpenInferenceClient {
  /** True when the server, or a model of it, takes requests. Never throws. */
  isReady(model?: ModelName, options?: Abortable): Promise<boolean>;
  metadata(model: ModelName, options?: Abortable): Promise<ModelMetadata>;
  /** @throws `serving/remote-failed`, `serving/overloaded`, `serving/deadline`, `serving/tensor`, or the signal's reason */
  infer(model: ModelName, inputs: TensorMap, options?: InferOptions): Promise<InferenceResponse>;
  /** Calls that may overlap now, and that do. */
  readonly limiter: Pick<Limiter, 'limit' | 'inFlight'>;
  readonly stats: Attempts['stats'];
  readonly origin: string;
}

/** Which outputs of one call are wanted, and parameters for the server. */
export interface InferOptions extends Abortable {
  /** Outputs that are wanted. Default all. */
  readonly outputs?: readonly string[] | undefined;
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/**
 * A client for Triton, KServe, MLServer, OpenVINO Model Server and `openInferenceHandler`: as many calls at once as the
 * server can take, a time limit, retries and hedges within budgets. Requests go to the configured origin only, redirects
 * are refused, and an answer is read no further than its limit.
 *
 * @throws `input/invalid` for a URL that is not http(s), or that holds credentials, a query or a fragment
 */
export function openInferenceClient(options: OpenInferenceClientOptions): OpenInferenceClient {
  const { binary, timeoutMs, maxBodyBytes, idempotent, retryShare, hedgeShare, clock, random } = {
    ...DEFAULTS,
    ...defined(options),
  };
  const base = baseOf(options.url);
  const send = options.fetch ?? ((url, init) => fetch(url, init));
  const limit = limiter({ ...options.concurrency, clock });
  const policy = attempts({ limiter: limit, clock, random, retryShare, hedgeShare });
  let takesBinary: Promise<boolean> | undefined;

  /** Exactly one request. */
  async function ask(path: string, init: RequestInit, signal: AbortSignal): Promise<Answer> {
    const { headers } = options;
    const own = typeof headers === 'function' ? await headers() : headers;
    let response: Response;
    try {
      response = await abortable(
        send(`${base}${path}`, {
          ...init,
          headers: { ...own, ...init.headers },
          redirect: 'error',
          credentials: 'omit',
          signal,
        }),
        signal,
      );
    } catch (cause) {
      signal.throwIfAborted();
      throw failed(undefined, 'it did not answer', cause);
    }
    if (response.redirected || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel().catch(() => undefined);
      throw failed(response.status, 'it redirects, which is not followed');
    }
    const bytes = await abortable(body(response), signal);
    if (response.status === 429 || response.status === 503) throw turnedAway(response);
    if (!response.ok) throw failed(response.status, reasonIn(bytes));
    return { bytes, jsonLength: response.headers.get(JSON_LENGTH) };
  }

  async function body(response: Response): Promise<Uint8Array> {
    try {
      return await readBody(response, response.ok ? maxBodyBytes : MAX_ERROR_BYTES);
    } catch (cause) {
      const reason = isMillwrightError(cause, 'input/too-large') ? cause.message : 'its answer broke off';
      throw failed(response.status, reason, cause);
    }
  }

  const get = (path: string, { signal }: Abortable = {}) =>
    policy.call((each) => ask(path, { method: 'GET' }, each), { signal, timeoutMs, idempotent: true });

  /** What is not an answer is the server's failure, not the caller's. */
  function understood<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw failed(200, `its answer is not one: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  async function hasBinary({ signal }: Abortable): Promise<boolean> {
    if (binary !== undefined) return binary;
    // Shared by all who ask meanwhile: the signal of one must not end it for the others.
    takesBinary ??= describesBinary();
    return await abortable(takesBinary, signal);
  }

  async function describesBinary(): Promise<boolean> {
    try {
      const { bytes } = await get('/v2');
      return parse(serverSchema, readJson(bytes)).extensions?.includes('binary_tensor_data') ?? false;
    } catch (error) {
      // A server that does not describe itself may still infer; one that is not there now is asked again.
      if (isMillwrightError(error, 'input/invalid')) return false;
      if (isMillwrightError(error, 'serving/remote-failed') && error.details.status !== undefined) return false;
      takesBinary = undefined;
      throw error;
    }
  }

  function failed(
    status: number | undefined,
    reason: string,
    cause?: unknown,
  ): MillwrightError<'serving/remote-failed'> {
    return new MillwrightError('serving/remote-failed', `${base} failed: ${reason}.`, {
      details: { origin: base, status, reason },
      ...(cause === undefined ? {} : { cause }),
    });
  }

  return {
    origin: base,
    limiter: limit,
    stats: policy.stats,
    async isReady(model, o) {
      try {
        const path = model === undefined ? '/v2/health/ready' : `${pathOf(model)}/ready`;
        await policy.call((each) => ask(path, { method: 'GET' }, each), { ...o, timeoutMs, idempotent: false });
        return true;
      } catch {
        return false;
      }
    },
    async metadata(model, o) {
      const { bytes } = await get(pathOf(model), o);
      return understood(() => parse(metadataSchema, readJson(bytes)));
    },
    async infer(model, inputs, { signal, outputs, parameters } = {}) {
      const { body: bytes, headers } = encodeRequest(inputs, {
        outputs,
        binary: await hasBinary({ signal }),
        parameters,
      });
      const path = `${pathOf(model)}/infer`;
      const answer = await policy.call((each) => ask(path, { method: 'POST', body: bytes, headers }, each), {
        signal,
        timeoutMs,
        idempotent,
      });
      return understood(() => decodeResponse(answer.bytes, answer.jsonLength));
    },
  };
}

const DEFAULTS = {
  binary: undefined as boolean | undefined,
  timeoutMs: 10_000,
  maxBodyBytes: MAX_BODY_BYTES,
  idempotent: true,
  retryShare: 0.1,
  hedgeShare: 0.05,
  clock: systemClock,
  random: systemRandom,
};

interface Answer {
  readonly bytes: Uint8Array;
  readonly jsonLength: string | null;
}

/** Longest error body that is read. */
const MAX_ERROR_BYTES = 64 * 2 ** 10;
/** What a server that says nothing else is given to recover. */
const DEFAULT_RETRY_MS = 100;

const serverSchema = z.object({ extensions: z.optional(z.array(z.string())) });

const tensorMetadata = z.object({
  name: z.string().check(z.minLength(1), z.maxLength(512)),
  datatype: z.string(),
  shape: z.array(z.int().check(z.minimum(-1))),
});

const metadataSchema = z.object({
  name: z.string(),
  versions: z.optional(z.nullable(z.array(z.string()))),
  platform: z.optional(z.string()),
  inputs: z.array(tensorMetadata).check(z.maxLength(1_024)),
  outputs: z.array(tensorMetadata).check(z.maxLength(1_024)),
});

function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = parsed?.username === '' && parsed.password === '' && parsed.search === '' && parsed.hash === '';
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || !isPlain)
    throw invalidInput('url', 'an http or https URL without credentials, query and fragment', parsed?.protocol ?? url);
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

/** A name is one segment of a path: `.` and `..` would be resolved away, and with them the place that is asked. */
function pathOf({ name, version }: ModelName): string {
  for (const part of [name, version])
    if (part === '' || part === '.' || part === '..' || part?.isWellFormed() === false)
      throw invalidInput('model', 'a name that can be in a path', part);
  const path = `/v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
}

function turnedAway({ headers, status }: Response): MillwrightError<'serving/overloaded'> {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = seconds >= 0 ? Math.min(seconds * 1_000, 60_000) : DEFAULT_RETRY_MS;
  return new MillwrightError('serving/overloaded', `The server answers ${status}. Try again in ${retryAfterMs} ms.`, {
    details: { retryAfterMs },
  });
}

/** The server's own sentence: it is shown, so it is cut, and nothing is made of it. */
function reasonIn(bytes: Uint8Array): string {
  try {
    const { error } = parse(z.object({ error: z.string() }), readJson(bytes));
    return `it says: ${error.slice(0, 300)}`;
  } catch {
    return 'it answers with an error';
  }
}
