/** A private writer of small ONNX files for tests (onnx.proto3, IR version 8). */

export const TYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  float8: 17,
  uint4: 21,
  int4: 22,
};

export interface ValueSpec {
  readonly name: string;
  readonly type: number;
  readonly dims?: readonly (number | string)[];
}

export interface GraphSpec {
  readonly nodes: readonly Uint8Array[];
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly initializers?: readonly Uint8Array[];
}

export function model(
  graphSpec: GraphSpec,
  o: { opset?: number; extra?: readonly Uint8Array[]; domains?: readonly string[] } = {},
): Uint8Array {
  const { opset = 17, extra = [], domains = [''] } = o;
  return message(
    varintField(1, 8),
    textField(2, 'test'),
    field(7, graph(graphSpec)),
    ...domains.map((domain) => field(8, message(textField(1, domain), varintField(2, domain === '' ? opset : 1)))),
    ...extra,
  );
}

export function graph({ nodes, inputs, outputs, initializers = [] }: GraphSpec): Uint8Array {
  return message(
    ...nodes.map((n) => field(1, n)),
    textField(2, 'graph'),
    ...initializers.map((i) => field(5, i)),
    ...inputs.map((v) => field(11, value(v))),
    ...outputs.map((v) => field(12, value(v))),
  );
}

export function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Uint8Array[] = [],
  domain = '',
): Uint8Array {
  return message(
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(4, type),
    ...attributes.map((a) => field(5, a)),
    ...(domain === '' ? [] : [textField(7, domain)]),
  );
}

export const intAttribute = (name: string, v: number) =>
  message(textField(1, name), varintField(3, v), varintField(20, 2));
export const floatAttribute = (name: string, v: number) =>
  message(textField(1, name), floatField(2, v), varintField(20, 1));
export const textAttribute = (name: string, text: string) =>
  message(textField(1, name), textField(4, text), varintField(20, 3));
export const intsAttribute = (name: string, values: readonly number[]) =>
  message(textField(1, name), ...values.map((v) => varintField(8, v)), varintField(20, 7));
export const graphAttribute = (name: string, g: Uint8Array) =>
  message(textField(1, name), field(6, g), varintField(20, 5));
export const tensorAttribute = (name: string, t: Uint8Array) =>
  message(textField(1, name), field(5, t), varintField(20, 4));

export function floats(name: string, dims: readonly number[], values: ArrayLike<number>): Uint8Array {
  const data = Float32Array.from(values);
  return initializer(name, dims, TYPE.float, new Uint8Array(data.buffer));
}

export function int64s(name: string, dims: readonly number[], values: readonly number[]): Uint8Array {
  const data = BigInt64Array.from(values.map(BigInt));
  return initializer(name, dims, TYPE.int64, new Uint8Array(data.buffer));
}

export function initializer(name: string, dims: readonly number[], type: number, raw: Uint8Array): Uint8Array {
  return message(...dims.map((d) => varintField(1, d)), varintField(2, type), textField(8, name), field(9, raw));
}

export function externalInitializer(
  name: string,
  dims: readonly number[],
  entries: Record<string, string>,
): Uint8Array {
  return message(
    ...dims.map((d) => varintField(1, d)),
    varintField(2, TYPE.float),
    textField(8, name),
    ...Object.entries(entries).map(([k, v]) => field(13, message(textField(1, k), textField(2, v)))),
    varintField(14, 1),
  );
}

function value({ name, type, dims }: ValueSpec): Uint8Array {
  const shape =
    dims &&
    field(2, message(...dims.map((d) => field(1, typeof d === 'number' ? varintField(1, d) : textField(2, d)))));
  return message(
    textField(1, name),
    field(2, message(field(1, message(varintField(1, type), ...(shape ? [shape] : []))))),
  );
}

export function message(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const field = (number: number, bytes: Uint8Array) =>
  message(varint(number * 8 + 2), varint(bytes.length), bytes);
export const textField = (number: number, text: string) => field(number, new TextEncoder().encode(text));
export const floatField = (number: number, v: number) =>
  message(varint(number * 8 + 5), new Uint8Array(Float32Array.of(v).buffer));
export const varintField = (number: number, v: number) => message(varint(number * 8), varint(v));

function varint(v: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(v));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
