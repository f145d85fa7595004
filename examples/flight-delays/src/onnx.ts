import type { Weights } from './train.js';

/**
 * The model as an ONNX file: `probability = Sigmoid(ReduceSum(Gather(weights, codes)) + miles · w + intercept)` and
 * `alert = probability ≥ thresholds[weekday]`. Inputs `codes` int32 [rows, n], `miles` float32 [rows, 1] and `weekday`
 * int32 [rows, 1]; outputs `probability` float32 [rows, 1] and `alert` bool [rows, 1].
 * A small private writer of the protobuf wire format is all it takes (onnx.proto3, IR version 8, opset 13).
 */
export function toOnnx(model: Weights): Uint8Array {
  const { features } = model;
  const graph = message(
    field(1, node('Gather', ['weights', 'codes'], ['picked'], [intAttribute('axis', 0)])),
    field(1, node('ReduceSum', ['picked', 'axis'], ['fromCodes'], [intAttribute('keepdims', 1)])),
    field(1, node('Mul', ['miles', 'milesWeight'], ['fromMiles'])),
    field(1, node('Add', ['fromCodes', 'fromMiles'], ['sum'])),
    field(1, node('Add', ['sum', 'intercept'], ['logit'])),
    field(1, node('Sigmoid', ['logit'], ['probability'])),
    field(1, node('Gather', ['thresholds', 'weekday'], ['threshold'], [intAttribute('axis', 0)])),
    field(1, node('GreaterOrEqual', ['probability', 'threshold'], ['alert'])),
    field(2, utf8('flight-delay')),
    field(5, floats('weights', [features.vocabulary], model.table)),
    field(5, floats('milesWeight', [1], Float32Array.of(model.miles))),
    field(5, floats('intercept', [1], Float32Array.of(model.intercept))),
    field(5, floats('thresholds', [7], model.thresholds)),
    field(5, int64s('axis', [1n])),
    field(11, valueInfo('codes', INT32, ['rows', features.codes])),
    field(11, valueInfo('miles', FLOAT, ['rows', 1])),
    field(11, valueInfo('weekday', INT32, ['rows', 1])),
    field(12, valueInfo('probability', FLOAT, ['rows', 1])),
    field(12, valueInfo('alert', BOOL, ['rows', 1])),
  );
  const opset = message(field(1, utf8('')), varintField(2, 13));
  return message(varintField(1, 8), field(2, utf8('millwright-example')), field(7, graph), field(8, opset));
}

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
const BOOL = 9;

function node(operator: string, inputs: string[], outputs: string[], attributes: Uint8Array[] = []): Uint8Array {
  return message(
    ...inputs.map((name) => field(1, utf8(name))),
    ...outputs.map((name) => field(2, utf8(name))),
    field(4, utf8(operator)),
    ...attributes.map((attribute) => field(5, attribute)),
  );
}

/** AttributeProto with type INT (2). */
function intAttribute(name: string, value: number): Uint8Array {
  return message(field(1, utf8(name)), varintField(3, value), varintField(20, 2));
}

function floats(name: string, dims: number[], values: Float32Array): Uint8Array {
  const raw = new Uint8Array(values.length * 4);
  const view = new DataView(raw.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
  return tensor(name, dims, FLOAT, raw);
}

function int64s(name: string, values: bigint[]): Uint8Array {
  const raw = new Uint8Array(values.length * 8);
  const view = new DataView(raw.buffer);
  for (let i = 0; i < values.length; i++) view.setBigInt64(8 * i, values[i]!, true);
  return tensor(name, [values.length], INT64, raw);
}

function tensor(name: string, dims: number[], type: number, raw: Uint8Array): Uint8Array {
  return message(...dims.map((dim) => varintField(1, dim)), varintField(2, type), field(8, utf8(name)), field(9, raw));
}

/** A named tensor type; a string dimension is symbolic. */
function valueInfo(name: string, type: number, dims: (string | number)[]): Uint8Array {
  const shape = message(
    ...dims.map((dim) =>
      field(1, typeof dim === 'string' ? message(field(2, utf8(dim))) : message(varintField(1, dim))),
    ),
  );
  return message(field(1, utf8(name)), field(2, message(field(1, message(varintField(1, type), field(2, shape))))));
}

function message(...fields: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of fields) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A length-delimited field (wire type 2). */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return message(varint(number * 8 + 2), varint(bytes.length), bytes);
}

function varintField(number: number, value: number): Uint8Array {
  return message(varint(number * 8), varint(value));
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Uint8Array.from(out);
}

const encoder = new TextEncoder();
const utf8 = (text: string) => encoder.encode(text);
