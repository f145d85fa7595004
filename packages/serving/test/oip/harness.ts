import {
  arrayFor,
  type DType,
  elementCount,
  functionRuntime,
  type LoadedModel,
  type Tensor,
  type TensorMap,
  type TensorSpec,
  tensor,
} from '@millwright/serving';
import { openInferenceHandler, serveModel } from '@millwright/serving/oip';
import Ajv from 'ajv';
import { artifactOf } from '../support/models.js';
import schema from './open-inference.schema.json' with { type: 'json' };

const ajv = new Ajv({ strict: false });
ajv.addSchema(schema);

/** What the protocol's schema says against a body; `undefined` when nothing. */
export function schemaErrors(kind: keyof (typeof schema)['$defs'], json: unknown): string | undefined {
  return ajv.validate(`open-inference#/$defs/${kind}`, json) ? undefined : ajv.errorsText();
}

/** A model that gives back what it gets. */
export async function identity(dtype: DType, dims: TensorSpec['dims'] = undefined): Promise<LoadedModel> {
  const runtime = functionRuntime((feeds) => new Map([['y', feeds.get('x')!]]), {
    inputs: [{ name: 'x', dtype, dims }],
    outputs: [{ name: 'y', dtype, dims }],
  });
  return await runtime.load(artifactOf({}));
}

export const origin = 'http://models.test';

/** `fetch` over a handler, that keeps what went over the wire. */
export function wire(handler: (request: Request) => Promise<Response>) {
  const seen: {
    readonly path: string;
    readonly request: unknown;
    readonly response: unknown;
    readonly status: number;
  }[] = [];
  return {
    seen,
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      const request = new Request(url, init);
      const [asked, response] = [await jsonOf(request.clone()), await handler(request)];
      const entry = { path: new URL(url).pathname, request: asked, response: await jsonOf(response.clone()) };
      seen.push({ ...entry, status: response.status });
      return response;
    },
  };
}

export function post(path: string, body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(`${origin}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export async function identityHandler(dtype: DType = 'float32', dims?: TensorSpec['dims']) {
  return openInferenceHandler({ models: { echo: serveModel(await identity(dtype, dims)) } });
}

export const feeds = (t: Tensor): TensorMap => new Map([['x', t]]);

/** Extremes of each type first, then values of all kinds; the same ones for each count. */
export function sample(dtype: DType, dims: readonly number[], json: boolean): Tensor {
  const count = elementCount(dims);
  const data = arrayFor(dtype, count);
  const special = SPECIAL[dtype].filter(
    (value) => !json || typeof value !== 'number' || dtype === 'bool' || fitsJson(dtype, value),
  );
  for (let i = 0; i < count; i++) (data as unknown[])[i] = special[i % special.length];
  return tensor(dtype, dims, data as never) as Tensor;
}

function fitsJson(dtype: DType, value: number): boolean {
  return dtype === 'float16' ? (value & 0x7c00) !== 0x7c00 : Number.isFinite(value);
}

const SPECIAL: Readonly<Record<DType, readonly (number | bigint | string)[]>> = {
  bool: [1, 0],
  uint8: [255, 0, 1],
  uint16: [65_535, 0, 256],
  uint32: [4_294_967_295, 0, 65_536],
  uint64: [18_446_744_073_709_551_615n, 9_007_199_254_740_993n, 0n],
  int8: [-128, 127, 0],
  int16: [-32_768, 32_767, -1],
  int32: [-2_147_483_648, 2_147_483_647, 0],
  int64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n, -9_007_199_254_740_993n, 0n, 7n],
  // Bits: smallest subnormal, largest, -0, a third, NaN with a payload, infinities.
  float16: [0x0001, 0x7bff, 0x8000, 0x3555, 0x7e01, 0x7c00, 0xfc00],
  float32: [1.401298464324817e-45, 3.4028234663852886e38, -0, 0.1, 1 / 3, Number.NaN, Number.NEGATIVE_INFINITY],
  float64: [
    5e-324,
    1.7976931348623157e308,
    -0,
    0.1,
    1e21,
    123_456_789_012_345_680_000,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ],
  string: ['', 'a', 'é "quoted" \\ \u0000 \u2028', '🂡', '\ufeffmark', '__proto__', '\ufffd'],
};

/** The JSON part of a body; undefined when there is none. */
async function jsonOf(message: Request | Response): Promise<unknown> {
  const bytes = new Uint8Array(await message.arrayBuffer());
  const length = Number(message.headers.get('inference-header-content-length') ?? bytes.length);
  return length === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes.subarray(0, length)));
}
