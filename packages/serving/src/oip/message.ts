import { invalidInput } from '@millwright/core';
import * as z from 'zod/mini';
import type { Tensor, TensorMap } from '../tensor/index.js';
import { parseExactJson } from './exact-json.js';
import { decodeTensor, encodeTensor, MAX_RANK } from './tensors.js';

/** The header of the binary extension: how many bytes of the body are JSON. The tensors' bytes follow, in their order. */
export const JSON_LENGTH = 'inference-header-content-length';

/** A body and the headers that describe it. */
export interface EncodedMessage {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request of the protocol, its tensors read. */
export interface InferenceRequest {
  readonly id: string | undefined;
  readonly inputs: TensorMap;
  /** Names of the outputs that are wanted. Empty: all. */
  readonly outputs: readonly string[];
  /** True for outputs that are to come as binary. */
  wantsBinary(output: string): boolean;
  /** The request's own parameters, as they came. */
  readonly parameters: ReadonlyMap<string, unknown>;
}

/** A response of the protocol, its tensors read. */
export interface InferenceResponse {
  readonly outputs: TensorMap;
  readonly modelName: string | undefined;
  readonly modelVersion: string | undefined;
  readonly parameters: ReadonlyMap<string, unknown>;
}

/** The body of an inference request. @throws `serving/tensor` for values that JSON cannot carry */
export function encodeRequest(
  inputs: TensorMap,
  { outputs = [], binary, parameters = {} }: RequestParts,
): EncodedMessage {
  const wanted = outputs.map((name) => `{"name":${JSON.stringify(name)}}`).join(',');
  const members = [
    ...(outputs.length === 0 ? [] : [`"outputs":[${wanted}]`]),
    `"parameters":${JSON.stringify({ ...parameters, ...(binary ? { binary_data_output: true } : {}) })}`,
  ];
  return encode('inputs', inputs, () => binary, members);
}

export interface RequestParts {
  /** Outputs that are wanted. Default all. */
  readonly outputs?: readonly string[] | undefined;
  /** Tensors as bytes behind the JSON, and back. */
  readonly binary: boolean;
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** The body of an inference response. @throws `serving/tensor` for values that JSON cannot carry */
export function encodeResponse(
  outputs: TensorMap,
  { id, modelName, modelVersion, parameters, isBinary }: ResponseParts,
): EncodedMessage {
  const members = Object.entries({ model_name: modelName, model_version: modelVersion, id, parameters })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
  return encode('outputs', outputs, isBinary, members);
}

export interface ResponseParts {
  readonly id: string | undefined;
  readonly modelName: string;
  readonly modelVersion: string | undefined;
  readonly parameters: Readonly<Record<string, string | number | boolean>> | undefined;
  isBinary(output: string): boolean;
}

/**
 * Reads a request's body. Nothing in it is believed: lengths are held against the body, shapes against lengths, names
 * against each other, before anything of the size they claim is made.
 *
 * @param jsonLength the value of the `Inference-Header-Content-Length` header, if there is one
 * @throws `input/invalid`, `serving/tensor`
 */
export function decodeRequest(body: Uint8Array, jsonLength: string | null): InferenceRequest {
  const { json, rest } = split(body, jsonLength);
  const request = parse(requestSchema, json);
  const byOutput = new Map(request.outputs?.map((output) => [output.name, output.parameters?.binary_data]));
  if (byOutput.size < (request.outputs?.length ?? 0))
    throw invalidInput('outputs', 'names that occur once', 'a double');
  if (request.outputs?.some((output) => output.parameters?.classification !== undefined))
    throw invalidInput('classification', 'absent: this server gives raw outputs', 'a number');
  const all = request.parameters?.binary_data_output ?? false;
  return {
    id: request.id,
    inputs: decodeTensors(request.inputs, rest),
    outputs: [...byOutput.keys()],
    wantsBinary: (name) => byOutput.get(name) ?? all,
    parameters: parametersOf(json),
  };
}

/** Reads a response's body, which is believed no more than a request's. @throws `input/invalid`, `serving/tensor` */
export function decodeResponse(body: Uint8Array, jsonLength: string | null): InferenceResponse {
  const { json, rest } = split(body, jsonLength);
  const { outputs, model_name, model_version } = parse(responseSchema, json);
  return {
    outputs: decodeTensors(outputs, rest),
    modelName: model_name,
    modelVersion: model_version ?? undefined,
    parameters: parametersOf(json),
  };
}

/** The JSON of a body, which is UTF-8. @throws `input/invalid` */
export function readJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidInput('body', 'UTF-8', 'other bytes');
  }
  return parseExactJson(text);
}

/** Checks a part of a message against its schema. @throws `input/invalid` with the place of the first mistake */
export function parse<T>(schema: z.ZodMiniType<T>, json: unknown): T {
  const result = z.safeParse(schema, json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw invalidInput(path.length === 0 ? 'body' : path.join('.'), 'as the Open Inference Protocol has it', message);
}

const wholeNumber = z.int().check(z.minimum(0));
const tensorName = z.string().check(z.minLength(1), z.maxLength(512));

/** Tensors that one message may hold, and outputs that it may ask for. */
const MAX_TENSORS = 1_024;

const tensorSchema = z.object({
  name: tensorName,
  datatype: z.string().check(z.maxLength(16)),
  shape: z.array(wholeNumber).check(z.maxLength(MAX_RANK)),
  parameters: z.optional(z.object({ binary_data_size: z.optional(wholeNumber) })),
  data: z.optional(z.unknown()),
});

const requestSchema = z.object({
  id: z.optional(z.string().check(z.maxLength(1_024))),
  parameters: z.optional(z.object({ binary_data_output: z.optional(z.boolean()) })),
  inputs: z.array(tensorSchema).check(z.minLength(1), z.maxLength(MAX_TENSORS)),
  outputs: z.optional(
    z
      .array(
        z.object({
          name: tensorName,
          parameters: z.optional(
            z.object({ binary_data: z.optional(z.boolean()), classification: z.optional(z.unknown()) }),
          ),
        }),
      )
      .check(z.maxLength(MAX_TENSORS)),
  ),
});

const responseSchema = z.object({
  model_name: z.optional(z.string()),
  model_version: z.optional(z.nullable(z.string())),
  outputs: z.array(tensorSchema).check(z.maxLength(MAX_TENSORS)),
});

function encode(
  list: 'inputs' | 'outputs',
  tensors: TensorMap,
  isBinary: (name: string) => boolean,
  members: readonly string[],
): EncodedMessage {
  const encoded = [...tensors].map(([name, t]) => encodeTensor(name, t, isBinary(name)));
  const blobs = encoded.flatMap(({ blob }) => blob ?? []);
  const text = `{${[...members, `"${list}":[${encoded.map(({ json }) => json).join(',')}]`].join(',')}}`;
  const json = new TextEncoder().encode(text);
  if (blobs.length === 0) return { body: json, headers: { 'content-type': 'application/json' } };
  const body = new Uint8Array(blobs.reduce((sum, blob) => sum + blob.byteLength, json.byteLength));
  body.set(json);
  let at = json.byteLength;
  for (const blob of blobs) {
    body.set(blob, at);
    at += blob.byteLength;
  }
  return { body, headers: { 'content-type': 'application/octet-stream', [JSON_LENGTH]: String(json.byteLength) } };
}

function split(body: Uint8Array, jsonLength: string | null): { readonly json: unknown; readonly rest: Uint8Array } {
  if (jsonLength === null) return { json: readJson(body), rest: new Uint8Array(0) };
  const length = /^\d{1,10}$/.test(jsonLength) ? Number(jsonLength) : Number.NaN;
  if (!(length <= body.byteLength))
    throw invalidInput(JSON_LENGTH, `a length of at most the body's ${body.byteLength} bytes`, jsonLength);
  return { json: readJson(body.subarray(0, length)), rest: body.subarray(length) };
}

function decodeTensors(headers: readonly z.infer<typeof tensorSchema>[], rest: Uint8Array): TensorMap {
  const tensors = new Map<string, Tensor>();
  let at = 0;
  for (const header of headers) {
    const { name } = header;
    if (tensors.has(name)) throw invalidInput('name', 'a name that occurs once', name);
    const size = header.parameters?.binary_data_size;
    if (size !== undefined && size > rest.byteLength - at)
      throw invalidInput(`${name}.binary_data_size`, `at most the ${rest.byteLength - at} bytes that are left`, size);
    tensors.set(name, decodeTensor(header, size === undefined ? undefined : rest.subarray(at, at + size)));
    at += size ?? 0;
  }
  if (at !== rest.byteLength) throw invalidInput('body', 'no bytes behind the last tensor', `${rest.byteLength - at}`);
  return tensors;
}

function parametersOf(json: unknown): ReadonlyMap<string, unknown> {
  const { parameters } = json as { readonly parameters?: object | null };
  return new Map(Object.entries(parameters ?? {}));
}
