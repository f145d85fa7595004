import { isMillwrightError } from '@millwright/core';
import { fromFloat16, type ModelRuntime, type Tensor, tensor, toFloat16 } from '@millwright/serving';
import { largestDifference } from '../../src/runtime/golden.js';
import { artifactOf } from './models.js';
import * as n from './nd.js';
import { build, concat, conv, item, map, matmul, mean, type Nd, nd, pool, reduce, sum, transpose } from './nd.js';
import {
  floatAttribute,
  initializer,
  intAttribute,
  intsAttribute,
  model,
  node,
  TYPE,
  tensorAttribute,
  textAttribute,
} from './onnx-writer.js';

/** One operator with inputs and what must come out, as the ONNX backend's node tests have them. */
export interface OperatorCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly feeds: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Relative to `max(1, |expected|)`. */
  readonly tolerance: number;
}

/**
 * Operators of ai.onnx with outputs computed here in doubles, straight from the operators' definitions: none of
 * onnxruntime's answers is its own measure.
 */
export function operatorCases(): readonly OperatorCase[] {
  return [
    ...unary(),
    ...binary(),
    ...comparisons(),
    ...logic(),
    ...reductions(),
    ...shapes(),
    ...selections(),
    ...casts(),
    ...networks(),
    ...normalisations(),
    ...strings(),
  ];
}

/** Those that take and give 32-bit floats, which every execution provider computes: their answers must agree everywhere. */
export function floatCases(): readonly OperatorCase[] {
  const all32 = (map: OperatorCase['feeds']) =>
    map.size > 0 && [...map.values()].every(({ dtype }) => dtype === 'float32');
  return operatorCases().filter(({ feeds, outputs }) => all32(feeds) && all32(outputs));
}

/**
 * What SwiftShader, the software GPU of the tests, answers differently: WGSL promises nothing for logarithms of zero and
 * powers of negative numbers, and sines to 2^-11 only. onnxruntime-web's WebGPU fails on a graph
 * that is one Dropout.
 */
const OF_SWIFTSHADER = ['Cos', 'Sin', 'Log of zero', 'Pow both'];
export const floatExceptions: Readonly<Record<'wasm' | 'webgpu' | 'webgpuInNode', readonly string[]>> = {
  wasm: [],
  webgpu: [...OF_SWIFTSHADER, 'Dropout of inference'],
  webgpuInNode: OF_SWIFTSHADER,
};

/** What became of a case: `pass`, `differs`, or the code of the refusal. */
export async function resultOf(each: AnyCase, runtime: ModelRuntime): Promise<string> {
  try {
    await using model = await runtime.load(artifactOf({ 'm.onnx': each.model }));
    return verdict(each, await model.run(each.feeds));
  } catch (error) {
    return isMillwrightError(error) ? error.code : 'failed';
  }
}

export type AnyCase = Pick<OperatorCase, 'name' | 'model' | 'feeds'> & Partial<OperatorCase>;

export function verdict({ outputs, tolerance }: AnyCase, answer: ReadonlyMap<string, Tensor>): string {
  if (outputs === undefined) return 'pass';
  return largestDifference(outputs, answer) <= (tolerance ?? 0) ? 'pass' : 'differs';
}

/** Models that are in order and that onnxruntime cannot serve here: some end the process when it is tried. */
export function unsupportedCases(): readonly Pick<OperatorCase, 'name' | 'model' | 'feeds'>[] {
  const x = f32(nd([2], [1, 2]));
  const castTo = (name: string, type: number, opset = 21) => ({
    name: `output of ${name}`,
    model: model(
      {
        nodes: [node('Cast', ['x0'], ['y0'], [intAttribute('to', type)])],
        inputs: [{ name: 'x0', type: TYPE.float, dims: [2] }],
        outputs: [{ name: 'y0', type, dims: [2] }],
      },
      { opset },
    ),
    feeds: new Map([['x0', x]]),
  });
  const inputOf = (name: string, type: number) => ({
    name: `input of ${name}`,
    model: model(
      {
        nodes: [node('Cast', ['x0'], ['y0'], [intAttribute('to', TYPE.float)])],
        inputs: [{ name: 'x0', type, dims: [2] }],
        outputs: [{ name: 'y0', type: TYPE.float, dims: [2] }],
      },
      { opset: 21 },
    ),
    feeds: new Map([['x0', x]]),
  });
  const unknown = (name: string, type: string, opset: number) => ({ ...op(name, type, [x], [x], { opset }), name });
  return [
    castTo('int4', TYPE.int4),
    castTo('uint4', TYPE.uint4),
    castTo('bfloat16', TYPE.bfloat16),
    castTo('float8', TYPE.float8),
    inputOf('int4', TYPE.int4),
    inputOf('bfloat16', TYPE.bfloat16),
    inputOf('float8', TYPE.float8),
    unknown('an operator that does not exist', 'Frobnicate', 17),
    unknown('an operator set of the future', 'Relu', 99),
    unknown('an operator without an implementation', 'Gradient', 17),
  ];
}

type Type = Exclude<Tensor['dtype'], 'string'>;

const ONNX_TYPE: Readonly<Record<Tensor['dtype'], number>> = {
  float32: TYPE.float,
  float64: TYPE.double,
  float16: TYPE.float16,
  int8: TYPE.int8,
  uint8: TYPE.uint8,
  int16: TYPE.int16,
  uint16: TYPE.uint16,
  int32: TYPE.int32,
  uint32: TYPE.uint32,
  int64: TYPE.int64,
  uint64: TYPE.uint64,
  bool: TYPE.bool,
  string: TYPE.string,
};

interface Extras {
  readonly attributes?: readonly Uint8Array[];
  /** Inputs that are weights of the model: shapes, axes, kernels. By position. */
  readonly constants?: Readonly<Record<number, Tensor>>;
  readonly opset?: number;
  readonly tolerance?: number;
}

/** A model of one node: what is not constant is fed, in the order of the node's inputs. */
function op(
  name: string,
  type: string,
  fed: readonly Tensor[],
  expected: readonly Tensor[],
  { attributes = [], constants = {}, opset = 17, tolerance = 1e-4 }: Extras = {},
): OperatorCase {
  const rest = [...fed];
  const total = fed.length + Object.keys(constants).length;
  const names = Array.from({ length: total }, (_, i) => (i in constants ? `c${i}` : `x${i}`));
  const feeds = new Map(names.filter((_, i) => !(i in constants)).map((input) => [input, rest.shift()!]));
  const outputs = new Map(expected.map((t, i) => [`y${i}`, t]));
  const values = (map: ReadonlyMap<string, Tensor>) =>
    [...map].map(([value, t]) => ({ name: value, type: ONNX_TYPE[t.dtype], dims: t.dims }));
  const bytes = model(
    {
      nodes: [node(type, names, [...outputs.keys()], attributes)],
      inputs: values(feeds),
      outputs: values(outputs),
      initializers: Object.entries(constants).map(([i, t]) => constantOf(`c${i}`, t)),
    },
    { opset },
  );
  return { name, model: bytes, feeds, outputs, tolerance };
}

function constantOf(name: string, t: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = t.data as Float32Array;
  return initializer(name, t.dims, ONNX_TYPE[t.dtype], new Uint8Array(buffer, byteOffset, byteLength));
}

function as(dtype: Type, { dims, data }: Nd): Tensor {
  switch (dtype) {
    case 'int64':
      return tensor(dtype, dims, BigInt64Array.from(data, BigInt));
    case 'uint64':
      return tensor(dtype, dims, BigUint64Array.from(data, BigInt));
    case 'float16':
      return tensor(dtype, dims, Uint16Array.from(data, toFloat16));
    case 'bool':
      return tensor(
        dtype,
        dims,
        Uint8Array.from(data, (value) => (value === 0 ? 0 : 1)),
      );
    default: {
      const kinds = {
        float32: Float32Array,
        float64: Float64Array,
        int8: Int8Array,
        uint8: Uint8Array,
        int16: Int16Array,
        uint16: Uint16Array,
        int32: Int32Array,
        uint32: Uint32Array,
      };
      return tensor(dtype, dims, kinds[dtype].from(data) as never) as Tensor;
    }
  }
}

const f32 = (a: Nd) => as('float32', a);
const i64 = (...values: number[]) => as('int64', nd([values.length], values));

/** Values spread over an interval, in no order; rounded to float32, so that doubles compute from what is fed. */
function spread(dims: readonly number[], low = -2, high = 2, seed = 0): Nd {
  return build(dims, (at) =>
    Math.fround(low + (high - low) * (((n.ravel(at, dims) + 1 + seed) * 0.6180339887498949) % 1)),
  );
}

const whole = (dims: readonly number[], low: number, high: number, seed = 0): Nd =>
  map(spread(dims, low, high + 1, seed), Math.floor);

function unary(): OperatorCase[] {
  const selu = [1.6732632423543772, 1.0507009873554805] as const;
  const table: Record<string, readonly [(x: number) => number, low?: number, high?: number]> = {
    Abs: [Math.abs],
    Acos: [Math.acos, -0.9, 0.9],
    Acosh: [Math.acosh, 1.1, 9],
    Asin: [Math.asin, -0.9, 0.9],
    Asinh: [Math.asinh],
    Atan: [Math.atan],
    Atanh: [Math.atanh, -0.9, 0.9],
    Ceil: [Math.ceil],
    Cos: [Math.cos],
    Cosh: [Math.cosh],
    Elu: [(x) => (x < 0 ? Math.expm1(x) : x)],
    Erf: [erf],
    Exp: [Math.exp],
    Floor: [Math.floor],
    HardSigmoid: [(x) => Math.max(0, Math.min(1, 0.2 * x + 0.5)), -4, 4],
    HardSwish: [(x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)), -4, 4],
    Identity: [(x) => x],
    Log: [Math.log, 0.1, 9],
    Neg: [(x) => -x],
    Reciprocal: [(x) => 1 / x, 0.5, 3],
    Relu: [(x) => Math.max(0, x)],
    Round: [roundHalfEven, -5, 5],
    Selu: [(x) => selu[1] * (x > 0 ? x : selu[0] * Math.expm1(x))],
    Sigmoid: [(x) => 1 / (1 + Math.exp(-x))],
    Sign: [Math.sign],
    Sin: [Math.sin],
    Sinh: [Math.sinh],
    Softplus: [(x) => Math.log1p(Math.exp(x))],
    Softsign: [(x) => x / (1 + Math.abs(x))],
    Sqrt: [Math.sqrt, 0, 9],
    Tan: [Math.tan, -1, 1],
    Tanh: [Math.tanh],
    ThresholdedRelu: [(x) => (x > 1 ? x : 0)],
  };
  const half = nd([6], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]);
  const special = nd([5], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1]);
  const isInf = map(special, (x) => +(Math.abs(x) === Number.POSITIVE_INFINITY));
  const alpha = [floatAttribute('alpha', 0.25)];
  const x = spread([2, 3]);
  return [
    ...Object.entries(table).map(([type, [f, low, high]]) => {
      const given = spread([3, 4], low, high);
      return op(type, type, [f32(given)], [f32(map(given, f))]);
    }),
    op('Round of halves', 'Round', [f32(half)], [f32(map(half, roundHalfEven))]),
    op('Sqrt of negatives', 'Sqrt', [f32(nd([2], [-1, 4]))], [f32(nd([2], [Number.NaN, 2]))]),
    op('Log of zero', 'Log', [f32(nd([2], [0, 1]))], [f32(nd([2], [Number.NEGATIVE_INFINITY, 0]))]),
    op(
      'IsNaN',
      'IsNaN',
      [f32(special)],
      [
        as(
          'bool',
          map(special, (v) => +Number.isNaN(v)),
        ),
      ],
    ),
    op('IsInf', 'IsInf', [f32(special)], [as('bool', isInf)]),
    op('LeakyRelu alpha', 'LeakyRelu', [f32(x)], [f32(map(x, (v) => (v < 0 ? 0.25 * v : v)))], { attributes: alpha }),
    op('Elu alpha', 'Elu', [f32(x)], [f32(map(x, (v) => (v < 0 ? 0.25 * Math.expm1(v) : v)))], { attributes: alpha }),
    op(
      'Celu alpha',
      'Celu',
      [f32(x)],
      [f32(map(x, (v) => Math.max(0, v) + Math.min(0, 0.25 * Math.expm1(v / 0.25))))],
      {
        attributes: alpha,
      },
    ),
    op('Abs of int64', 'Abs', [as('int64', whole([5], -9, 9))], [as('int64', map(whole([5], -9, 9), Math.abs))]),
    op(
      'Neg of int32',
      'Neg',
      [as('int32', whole([5], -9, 9))],
      [
        as(
          'int32',
          map(whole([5], -9, 9), (v) => -v),
        ),
      ],
    ),
    op('a scalar', 'Exp', [f32(nd([], [1]))], [f32(nd([], [Math.E]))]),
    op('no elements', 'Relu', [f32(nd([0, 3], []))], [f32(nd([0, 3], []))]),
  ];
}

const SHAPES = {
  same: [
    [3, 4],
    [3, 4],
  ],
  row: [[3, 4], [4]],
  both: [
    [3, 1],
    [1, 4],
  ],
  scalar: [[2, 3], []],
} as const;

function binary(): OperatorCase[] {
  const table: Record<string, (a: number, b: number) => number> = {
    Add: (a, b) => a + b,
    Sub: (a, b) => a - b,
    Mul: (a, b) => a * b,
    Div: (a, b) => a / b,
    Pow: (a, b) => a ** b,
  };
  const cases: OperatorCase[] = [];
  for (const [type, f] of Object.entries(table)) {
    for (const [kind, [left, right]] of Object.entries(SHAPES)) {
      const [a, b] = [spread(left, 0.5, 3), spread(right, 0.5, 3, 50)];
      cases.push(op(`${type} ${kind}`, type, [f32(a), f32(b)], [f32(n.broadcast(a, b, f))]));
    }
    const [a, b] = [whole([6], 1, 9), whole([6], 1, 3, 9)];
    for (const dtype of ['int32', 'int64', 'float64'] as const) {
      const g = type === 'Div' && dtype !== 'float64' ? (x: number, y: number) => Math.trunc(x / y) : f;
      cases.push(op(`${type} ${dtype}`, type, [as(dtype, a), as(dtype, b)], [as(dtype, n.broadcast(a, b, g))]));
    }
  }
  const [a, b] = [whole([8], -9, 9), map(whole([8], 1, 4, 3), (x) => x)];
  const floored = (x: number, y: number) => x - y * Math.floor(x / y);
  const [p, q] = [spread([2, 3], -3, 3), spread([3], 0.1, 0.9, 4)];
  const three = [spread([2, 3]), spread([3], -2, 2, 5), spread([2, 1], -2, 2, 9)] as const;
  const fold = (f: (x: number, y: number) => number) => n.broadcast(n.broadcast(three[0], three[1], f), three[2], f);
  const fmod = [intAttribute('fmod', 1)];
  return [
    ...cases,
    op('Mod of integers', 'Mod', [as('int64', a), as('int64', b)], [as('int64', n.broadcast(a, b, floored))]),
    op('Mod fmod', 'Mod', [f32(p), f32(q)], [f32(n.broadcast(p, q, (x, y) => x % y))], { attributes: fmod }),
    op('PRelu', 'PRelu', [f32(p), f32(q)], [f32(n.broadcast(p, q, (x, y) => (x < 0 ? x * y : x)))]),
    op('Max of three', 'Max', three.map(f32), [f32(fold(Math.max))]),
    op('Min of three', 'Min', three.map(f32), [f32(fold(Math.min))]),
    op('Sum of three', 'Sum', three.map(f32), [f32(fold((x, y) => x + y))]),
    op('Mean of three', 'Mean', three.map(f32), [
      f32(
        map(
          fold((x, y) => x + y),
          (v) => v / 3,
        ),
      ),
    ]),
    op(
      'BitShift left',
      'BitShift',
      [as('uint8', nd([3], [1, 2, 3])), as('uint8', nd([3], [1, 2, 3]))],
      [as('uint8', nd([3], [2, 8, 24]))],
      {
        attributes: [textAttribute('direction', 'LEFT')],
      },
    ),
    op(
      'BitShift right',
      'BitShift',
      [as('uint32', nd([3], [16, 4, 1])), as('uint32', nd([3], [1, 2, 3]))],
      [as('uint32', nd([3], [8, 1, 0]))],
      {
        attributes: [textAttribute('direction', 'RIGHT')],
      },
    ),
  ];
}

function comparisons(): OperatorCase[] {
  const table: Record<string, (a: number, b: number) => boolean> = {
    Equal: (a, b) => a === b,
    Less: (a, b) => a < b,
    LessOrEqual: (a, b) => a <= b,
    Greater: (a, b) => a > b,
    GreaterOrEqual: (a, b) => a >= b,
  };
  return Object.entries(table).flatMap(([type, f]) =>
    (['float32', 'int32', 'int64'] as const).map((dtype) => {
      const [a, b] = [whole([3, 4], 0, 2), whole([4], 0, 2, 7)];
      const expected = n.broadcast(a, b, (x, y) => +f(x, y));
      return op(`${type} ${dtype}`, type, [as(dtype, a), as(dtype, b)], [as('bool', expected)]);
    }),
  );
}

function logic(): OperatorCase[] {
  const table: Record<string, (a: number, b: number) => number> = {
    And: (a, b) => a & b,
    Or: (a, b) => a | b,
    Xor: (a, b) => a ^ b,
  };
  const [a, b] = [whole([2, 3], 0, 1), whole([3], 0, 1, 4)];
  const [c, d] = [whole([6], 0, 255), whole([6], 0, 255, 11)];
  return [
    ...Object.entries(table).map(([type, f]) =>
      op(type, type, [as('bool', a), as('bool', b)], [as('bool', n.broadcast(a, b, f))]),
    ),
    ...Object.entries(table).map(([type, f]) =>
      op(`Bitwise${type}`, `Bitwise${type}`, [as('uint8', c), as('uint8', d)], [as('uint8', n.broadcast(c, d, f))], {
        opset: 18,
      }),
    ),
    op(
      'Not',
      'Not',
      [as('bool', a)],
      [
        as(
          'bool',
          map(a, (x) => 1 - x),
        ),
      ],
    ),
    op(
      'BitwiseNot',
      'BitwiseNot',
      [as('int32', c)],
      [
        as(
          'int32',
          map(c, (x) => ~x),
        ),
      ],
      { opset: 18 },
    ),
  ];
}

function reductions(): OperatorCase[] {
  const table: Record<string, (values: readonly number[]) => number> = {
    ReduceL1: (v) => sum(v.map(Math.abs)),
    ReduceL2: (v) => Math.sqrt(sum(v.map((x) => x * x))),
    ReduceLogSum: (v) => Math.log(sum(v)),
    ReduceLogSumExp: (v) => Math.log(sum(v.map(Math.exp))),
    ReduceMax: (v) => Math.max(...v),
    ReduceMean: mean,
    ReduceMin: (v) => Math.min(...v),
    ReduceProd: (v) => v.reduce((product, x) => product * x, 1),
    ReduceSumSquare: (v) => sum(v.map((x) => x * x)),
  };
  const x = spread([2, 3, 4], 0.5, 2);
  const how: Record<string, { readonly axes: readonly number[]; readonly keep: boolean }> = {
    'all axes': { axes: [], keep: true },
    'one axis': { axes: [1], keep: false },
    'negative axes': { axes: [-1, 0], keep: true },
  };
  const cases = Object.entries(how).flatMap(([kind, { axes, keep }]) => {
    const keepdims = intAttribute('keepdims', +keep);
    const attributes = axes.length === 0 ? [keepdims] : [keepdims, intsAttribute('axes', axes)];
    return [
      ...Object.entries(table).map(([type, f]) =>
        op(`${type} ${kind}`, type, [f32(x)], [f32(reduce(x, axes, keep, f))], { attributes }),
      ),
      // Its axes are an input since opset 13.
      op(`ReduceSum ${kind}`, 'ReduceSum', [f32(x)], [f32(reduce(x, axes, keep, sum))], {
        attributes: [keepdims],
        ...(axes.length === 0 ? {} : { constants: { 1: i64(...axes) } }),
      }),
    ];
  });
  const ties = nd([2, 4], [1, 3, 3, 2, 5, 0, 0, 5]);
  const firstOf = (best: (values: readonly number[]) => number) => (v: readonly number[]) => v.indexOf(best(v));
  const lastOf = (best: (values: readonly number[]) => number) => (v: readonly number[]) => v.lastIndexOf(best(v));
  const arg = (name: string, type: string, f: (v: readonly number[]) => number, last: boolean) =>
    op(name, type, [f32(ties)], [as('int64', reduce(ties, [1], true, f))], {
      attributes: [intAttribute('axis', 1), ...(last ? [intAttribute('select_last_index', 1)] : [])],
    });
  const [most, least] = [(v: readonly number[]) => Math.max(...v), (v: readonly number[]) => Math.min(...v)];
  const running = build(x.dims, ([i, j, k]) => sum(Array.from({ length: k! + 1 }, (_, c) => item(x, [i!, j!, c]))));
  const backwards = build(x.dims, ([i, j, k]) =>
    sum(Array.from({ length: 2 - j! }, (_, c) => item(x, [i!, j! + 1 + c, k!]))),
  );
  return [
    ...cases,
    arg('ArgMax first', 'ArgMax', firstOf(most), false),
    arg('ArgMax last', 'ArgMax', lastOf(most), true),
    arg('ArgMin first', 'ArgMin', firstOf(least), false),
    arg('ArgMin last', 'ArgMin', lastOf(least), true),
    op('CumSum', 'CumSum', [f32(x)], [f32(running)], { constants: { 1: as('int32', nd([], [2])) } }),
    op('CumSum exclusive reverse', 'CumSum', [f32(x)], [f32(backwards)], {
      constants: { 1: as('int32', nd([], [1])) },
      attributes: [intAttribute('exclusive', 1), intAttribute('reverse', 1)],
    }),
  ];
}

function shapes(): OperatorCase[] {
  const x = spread([2, 3, 4]);
  const y = spread([2, 1, 4], -2, 2, 9);
  const squeezed = spread([1, 3, 1]);
  const square = spread([3, 3]);
  const depth = spread([1, 8, 2, 2]);
  const space = spread([1, 2, 4, 4]);
  const reshape = (name: string, shape: readonly number[], dims: readonly number[]) =>
    op(name, 'Reshape', [f32(x)], [f32(nd(dims, x.data))], { constants: { 1: i64(...shape) } });
  const permutations = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const flat = (axis: number, dims: readonly number[]) =>
    op(`Flatten ${axis}`, 'Flatten', [f32(x)], [f32(nd(dims, x.data))], { attributes: [intAttribute('axis', axis)] });
  const slice = (
    name: string,
    [start, end, step, axis]: readonly [number, number, number, number],
    dims: readonly number[],
    from: (at: readonly number[]) => readonly number[],
  ) =>
    op(name, 'Slice', [f32(x)], [f32(build(dims, (at) => item(x, from(at))))], {
      constants: { 1: i64(start), 2: i64(end), 3: i64(axis), 4: i64(step) },
    });
  const padded = (mode: string, at: (i: number) => number | undefined) => {
    const wide = build([3, 7], ([i, j]) => {
      const from = at(j!);
      return from === undefined ? 9 : item(square, [i!, from]);
    });
    return op(`Pad ${mode}`, 'Pad', [f32(square)], [f32(wide)], {
      constants: { 1: i64(0, 2, 0, 2), 2: f32(nd([], [9])) },
      attributes: [textAttribute('mode', mode)],
    });
  };
  return [
    reshape('Reshape', [4, 6], [4, 6]),
    reshape('Reshape to flat', [-1], [24]),
    reshape('Reshape keeps a dimension', [0, -1], [2, 12]),
    reshape('Reshape to more dimensions', [2, 1, 3, 2, 2], [2, 1, 3, 2, 2]),
    ...permutations.map((perm) =>
      op(`Transpose ${perm.join('')}`, 'Transpose', [f32(x)], [f32(transpose(x, perm))], {
        attributes: [intsAttribute('perm', perm)],
      }),
    ),
    op('Transpose default', 'Transpose', [f32(x)], [f32(transpose(x, [2, 1, 0]))]),
    op('Squeeze', 'Squeeze', [f32(squeezed)], [f32(nd([3], squeezed.data))]),
    op('Squeeze one axis', 'Squeeze', [f32(squeezed)], [f32(nd([1, 3], squeezed.data))], { constants: { 1: i64(-1) } }),
    op('Unsqueeze', 'Unsqueeze', [f32(square)], [f32(nd([1, 3, 3, 1], square.data))], { constants: { 1: i64(0, -1) } }),
    flat(0, [1, 24]),
    flat(1, [2, 12]),
    flat(2, [6, 4]),
    op('Concat', 'Concat', [f32(x), f32(y)], [f32(concat([x, y], 1))], { attributes: [intAttribute('axis', 1)] }),
    op('Concat negative axis', 'Concat', [f32(x), f32(x)], [f32(concat([x, x], 2))], {
      attributes: [intAttribute('axis', -1)],
    }),
    op(
      'Split',
      'Split',
      [f32(x)],
      [
        f32(build([2, 1, 4], ([i, , k]) => item(x, [i!, 0, k!]))),
        f32(build([2, 2, 4], ([i, j, k]) => item(x, [i!, j! + 1, k!]))),
      ],
      {
        constants: { 1: i64(1, 2) },
        attributes: [intAttribute('axis', 1)],
      },
    ),
    slice('Slice', [1, 3, 1, 1], [2, 2, 4], ([i, j, k]) => [i!, j! + 1, k!]),
    slice('Slice steps', [0, 4, 2, 2], [2, 3, 2], ([i, j, k]) => [i!, j!, 2 * k!]),
    slice('Slice backwards', [-1, -5, -1, 2], [2, 3, 4], ([i, j, k]) => [i!, j!, 3 - k!]),
    slice('Slice beyond the end', [1, 1_000, 1, 0], [1, 3, 4], ([, j, k]) => [1, j!, k!]),
    slice('Slice of nothing', [2, 2, 1, 1], [2, 0, 4], (at) => at),
    padded('constant', (j) => (j >= 2 && j < 5 ? j - 2 : undefined)),
    padded('edge', (j) => Math.max(0, Math.min(2, j - 2))),
    padded('reflect', (j) => 2 - Math.abs(2 - Math.abs(j - 2))),
    op('Tile', 'Tile', [f32(square)], [f32(build([6, 9], ([i, j]) => item(square, [i! % 3, j! % 3])))], {
      constants: { 1: i64(2, 3) },
    }),
    op('Expand', 'Expand', [f32(spread([3, 1]))], [f32(build([2, 3, 4], ([, j]) => spread([3, 1]).data[j!]!))], {
      constants: { 1: i64(2, 3, 4) },
    }),
    op('Shape', 'Shape', [f32(x)], [i64(2, 3, 4)]),
    op('Shape of a part', 'Shape', [f32(x)], [i64(3)], {
      attributes: [intAttribute('start', 1), intAttribute('end', -1)],
    }),
    op('Size', 'Size', [f32(x)], [as('int64', nd([], [24]))]),
    op(
      'Trilu upper',
      'Trilu',
      [f32(square)],
      [f32(build([3, 3], ([i, j]) => (j! >= i! ? item(square, [i!, j!]) : 0)))],
    ),
    op(
      'Trilu lower',
      'Trilu',
      [f32(square)],
      [f32(build([3, 3], ([i, j]) => (j! <= i! - 1 ? item(square, [i!, j!]) : 0)))],
      {
        constants: { 1: as('int64', nd([], [-1])) },
        attributes: [intAttribute('upper', 0)],
      },
    ),
    op('EyeLike', 'EyeLike', [f32(square)], [f32(build([3, 3], ([i, j]) => +(j! === i! + 1)))], {
      attributes: [intAttribute('k', 1)],
    }),
    op(
      'DepthToSpace',
      'DepthToSpace',
      [f32(depth)],
      [
        f32(
          build([1, 2, 4, 4], ([, c, i, j]) => item(depth, [0, ((i! % 2) * 2 + (j! % 2)) * 2 + c!, i! >> 1, j! >> 1])),
        ),
      ],
      {
        attributes: [intAttribute('blocksize', 2)],
      },
    ),
    op(
      'SpaceToDepth',
      'SpaceToDepth',
      [f32(space)],
      [
        f32(
          build([1, 8, 2, 2], ([, c, i, j]) => item(space, [0, c! % 2, 2 * i! + (c! >> 2), 2 * j! + ((c! >> 1) % 2)])),
        ),
      ],
      {
        attributes: [intAttribute('blocksize', 2)],
      },
    ),
    op('ConstantOfShape', 'ConstantOfShape', [], [f32(build([2, 3], () => 7))], {
      constants: { 0: i64(2, 3) },
      attributes: [tensorAttribute('value', constantOf('value', f32(nd([1], [7]))))],
    }),
    op('Range', 'Range', [], [as('int64', nd([4], [3, 5, 7, 9]))], {
      constants: { 0: as('int64', nd([], [3])), 1: as('int64', nd([], [10])), 2: as('int64', nd([], [2])) },
    }),
  ];
}

function selections(): OperatorCase[] {
  const x = spread([3, 4]);
  const rows = as('int64', nd([2, 2], [0, 2, -1, 1]));
  const row = (i: number) => [0, 2, 2, 1][i]!;
  const choice = whole([3, 4], 0, 1, 5);
  const other = spread([4], -2, 2, 8);
  const picks = nd([2, 4], [0, 1, 2, 0, 2, 2, 1, 1]);
  const labels = nd([3], [1, 0, 2]);
  const order = (values: readonly number[]) => values.map((value, i) => [value, i] as const).sort(([a], [b]) => b - a);
  const top = [0, 1, 2].map((i) => order(x.data.slice(4 * i, 4 * i + 4)).slice(0, 2));
  const nonZero = nd([2, 3], [1, 0, 3, 0, 0, 6]);
  const where = n.broadcast(
    n.broadcast(choice, other, (c, o) => (c ? Number.NaN : o)),
    x,
    (o, v) => (Number.isNaN(o) ? v : o),
  );
  return [
    op(
      'Gather rows',
      'Gather',
      [f32(x), rows],
      [f32(build([2, 2, 4], ([i, j, k]) => item(x, [row(2 * i! + j!), k!])))],
    ),
    op(
      'Gather columns',
      'Gather',
      [f32(x), i64(3, 0)],
      [f32(build([3, 2], ([i, j]) => item(x, [i!, j === 0 ? 3 : 0])))],
      {
        attributes: [intAttribute('axis', 1)],
      },
    ),
    op(
      'GatherElements',
      'GatherElements',
      [f32(x), as('int64', picks)],
      [f32(build([2, 4], (at) => item(x, [item(picks, at), at[1]!])))],
    ),
    op(
      'GatherND',
      'GatherND',
      [f32(x), as('int64', nd([2, 2], [0, 1, 2, 3]))],
      [f32(nd([2], [item(x, [0, 1]), item(x, [2, 3])]))],
    ),
    op(
      'ScatterElements',
      'ScatterElements',
      [f32(x), as('int64', nd([1, 2], [1, 2])), f32(nd([1, 2], [8, 9]))],
      [f32(build([3, 4], ([i, j]) => (i === 1 && j === 0 ? 8 : i === 2 && j === 1 ? 9 : item(x, [i!, j!]))))],
    ),
    op(
      'ScatterND',
      'ScatterND',
      [f32(x), as('int64', nd([1, 1], [1])), f32(nd([1, 4], [1, 2, 3, 4]))],
      [f32(build([3, 4], ([i, j]) => (i === 1 ? j! + 1 : item(x, [i!, j!]))))],
    ),
    op('Where', 'Where', [as('bool', choice), f32(x), f32(other)], [f32(where)]),
    op('Clip', 'Clip', [f32(x)], [f32(map(x, (v) => Math.max(-1, Math.min(0.5, v))))], {
      constants: { 1: f32(nd([], [-1])), 2: f32(nd([], [0.5])) },
    }),
    op('Clip below only', 'Clip', [f32(x)], [f32(map(x, (v) => Math.max(0, v)))], {
      constants: { 1: f32(nd([], [0])) },
    }),
    op('OneHot', 'OneHot', [as('int64', labels)], [f32(build([3, 3], ([i, j]) => (labels.data[i!] === j ? 5 : 2)))], {
      constants: { 1: as('int64', nd([], [3])), 2: f32(nd([2], [2, 5])) },
    }),
    op(
      'TopK',
      'TopK',
      [f32(x)],
      [
        f32(
          nd(
            [3, 2],
            top.flat().map(([value]) => value),
          ),
        ),
        as(
          'int64',
          nd(
            [3, 2],
            top.flat().map(([, i]) => i),
          ),
        ),
      ],
      {
        constants: { 1: i64(2) },
      },
    ),
    op('NonZero', 'NonZero', [f32(nonZero)], [as('int64', nd([2, 3], [0, 0, 1, 0, 2, 2]))]),
    op('Compress', 'Compress', [f32(x)], [f32(build([2, 4], ([i, j]) => item(x, [2 * i!, j!])))], {
      constants: { 1: as('bool', nd([3], [1, 0, 1])) },
      attributes: [intAttribute('axis', 0)],
    }),
    op('Unique', 'Unique', [f32(nd([6], [2, 1, 1, 3, 4, 3]))], [f32(nd([4], [1, 2, 3, 4]))]),
  ];
}

function casts(): OperatorCase[] {
  const types: readonly Type[] = [
    'float32',
    'float64',
    'float16',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
    'bool',
  ];
  const values = nd([5], [0, 1, 3, 7, 100]);
  const pairs = types.flatMap((from, i) =>
    [types[(i + 1) % types.length]!, types[(i + 5) % types.length]!].map((to) => [from, to] as const),
  );
  const truncated = nd([4], [1.9, -1.9, 0.5, -0.5]);
  const halves = nd([4], [0.1, 1 / 3, 65_504, 6e-8]);
  const cast = (to: Type) => [intAttribute('to', ONNX_TYPE[to])];
  return [
    ...pairs.map(([from, to]) => {
      const given = from === 'bool' ? map(values, (v) => +(v !== 0)) : values;
      return op(`Cast ${from} to ${to}`, 'Cast', [as(from, given)], [as(to, given)], { attributes: cast(to) });
    }),
    op('Cast cuts towards zero', 'Cast', [f32(truncated)], [as('int32', map(truncated, Math.trunc))], {
      attributes: cast('int32'),
    }),
    op(
      'Cast rounds to half',
      'Cast',
      [f32(halves)],
      [
        as(
          'float16',
          map(halves, (v) => fromFloat16(toFloat16(v))),
        ),
      ],
      { attributes: cast('float16') },
    ),
    op('CastLike', 'CastLike', [f32(truncated), as('int64', nd([1], [0]))], [as('int64', map(truncated, Math.trunc))]),
    op(
      'QuantizeLinear',
      'QuantizeLinear',
      [f32(nd([4], [-1, 0, 1, 1_000]))],
      [as('uint8', nd([4], [126, 128, 130, 255]))],
      {
        constants: { 1: f32(nd([], [0.5])), 2: as('uint8', nd([], [128])) },
      },
    ),
    op('DequantizeLinear', 'DequantizeLinear', [as('uint8', nd([3], [126, 128, 255]))], [f32(nd([3], [-1, 0, 63.5]))], {
      constants: { 1: f32(nd([], [0.5])), 2: as('uint8', nd([], [128])) },
    }),
  ];
}

function networks(): OperatorCase[] {
  const pairs = {
    matrices: [
      [3, 4],
      [4, 5],
    ],
    batches: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    'one matrix for all': [
      [2, 3, 4],
      [4, 5],
    ],
  } as const;
  const [a, b, c] = [spread([3, 4]), spread([4, 5], -2, 2, 7), spread([5], -2, 2, 3)];
  const [at, bt] = [transpose(a, [1, 0]), transpose(b, [1, 0])];
  const product = matmul(a, b);
  const gemm = n.broadcast(
    map(product, (v) => 0.5 * v),
    map(c, (v) => 2 * v),
    (x, y) => x + y,
  );
  const x1 = spread([1, 2, 7]);
  const x2 = spread([2, 2, 6, 5]);
  const w2 = spread([4, 2, 3, 3], -1, 1, 5);
  const bias = spread([4], -1, 1, 2);
  const window = { strides: [2, 1], pads: [1, 0, 1, 2], dilations: [1, 1] };
  const wide = { strides: [1, 1], pads: [2, 2, 2, 2], dilations: [2, 2] };
  const grouped = spread([2, 1, 3, 3], -1, 1, 5);
  const attributesOf = ({ strides, pads, dilations }: typeof window) => [
    intsAttribute('strides', strides),
    intsAttribute('pads', pads),
    intsAttribute('dilations', dilations),
  ];
  const kernel = [2, 2];
  const pooled = { kernel, strides: [2, 2], pads: [1, 1, 0, 0] };
  const poolAttributes = [
    intsAttribute('kernel_shape', kernel),
    intsAttribute('strides', [2, 2]),
    intsAttribute('pads', [1, 1, 0, 0]),
  ];
  const all = (f: (values: readonly number[]) => number) => reduce(x2, [2, 3], true, f);
  return [
    ...Object.entries(pairs).map(([kind, [left, right]]) => {
      const [p, q] = [spread(left), spread(right, -2, 2, 7)];
      return op(`MatMul ${kind}`, 'MatMul', [f32(p), f32(q)], [f32(matmul(p, q))]);
    }),
    op('MatMul float64', 'MatMul', [as('float64', a), as('float64', b)], [as('float64', product)]),
    op(
      'MatMulInteger',
      'MatMulInteger',
      [as('uint8', whole([2, 3], 0, 9)), as('uint8', whole([3, 2], 0, 9, 4))],
      [as('int32', matmul(whole([2, 3], 0, 9), whole([3, 2], 0, 9, 4)))],
    ),
    op('Gemm', 'Gemm', [f32(a), f32(b), f32(c)], [f32(n.broadcast(product, c, (x, y) => x + y))]),
    op('Gemm transposed and scaled', 'Gemm', [f32(at), f32(bt), f32(c)], [f32(gemm)], {
      attributes: [
        intAttribute('transA', 1),
        intAttribute('transB', 1),
        floatAttribute('alpha', 0.5),
        floatAttribute('beta', 2),
      ],
    }),
    op('Gemm without bias', 'Gemm', [f32(a), f32(b)], [f32(product)]),
    op('Einsum', 'Einsum', [f32(a), f32(b)], [f32(transpose(product, [1, 0]))], {
      attributes: [textAttribute('equation', 'ij,jk->ki')],
    }),
    op('Conv of one dimension', 'Conv', [f32(x1)], [f32(conv(x1, spread([3, 2, 3], -1, 1, 4), undefined, {}))], {
      constants: { 1: f32(spread([3, 2, 3], -1, 1, 4)) },
    }),
    op('Conv strides and pads', 'Conv', [f32(x2)], [f32(conv(x2, w2, bias, window))], {
      constants: { 1: f32(w2), 2: f32(bias) },
      attributes: attributesOf(window),
    }),
    op('Conv dilated', 'Conv', [f32(x2)], [f32(conv(x2, w2, undefined, wide))], {
      constants: { 1: f32(w2) },
      attributes: attributesOf(wide),
    }),
    op('Conv of groups', 'Conv', [f32(x2)], [f32(conv(x2, grouped, undefined, {}, 2))], {
      constants: { 1: f32(grouped) },
      attributes: [intAttribute('group', 2)],
    }),
    op('MaxPool', 'MaxPool', [f32(x2)], [f32(pool(x2, pooled, (v) => Math.max(...v)))], { attributes: poolAttributes }),
    op('AveragePool', 'AveragePool', [f32(x2)], [f32(pool(x2, pooled, mean))], { attributes: poolAttributes }),
    op('AveragePool with padding', 'AveragePool', [f32(x2)], [f32(pool(x2, pooled, (v, size) => sum(v) / size))], {
      attributes: [...poolAttributes, intAttribute('count_include_pad', 1)],
    }),
    op('LpPool', 'LpPool', [f32(x2)], [f32(pool(x2, { kernel }, (v) => Math.sqrt(sum(v.map((x) => x * x)))))], {
      attributes: [intsAttribute('kernel_shape', kernel)],
    }),
    op('GlobalAveragePool', 'GlobalAveragePool', [f32(x2)], [f32(all(mean))]),
    op('GlobalMaxPool', 'GlobalMaxPool', [f32(x2)], [f32(all((v) => Math.max(...v)))]),
    op(
      'Resize nearest',
      'Resize',
      [f32(spread([1, 1, 2, 2]))],
      [f32(build([1, 1, 4, 4], ([, , i, j]) => item(spread([1, 1, 2, 2]), [0, 0, i! >> 1, j! >> 1])))],
      {
        constants: { 1: f32(nd([0], [])), 2: f32(nd([4], [1, 1, 2, 2])) },
        attributes: [
          textAttribute('mode', 'nearest'),
          textAttribute('coordinate_transformation_mode', 'asymmetric'),
          textAttribute('nearest_mode', 'floor'),
        ],
      },
    ),
  ];
}

function normalisations(): OperatorCase[] {
  const x = spread([2, 3, 4]);
  const [scale, bias] = [spread([3], 0.5, 2, 3), spread([3], -1, 1, 8)];
  const [average, variance] = [spread([3], -1, 1, 12), spread([3], 0.5, 2, 15)];
  const spreadOf = (v: readonly number[]) => mean(v.map((value) => (value - mean(v)) ** 2));
  const along = (axis: number, f: (value: number, line: readonly number[]) => number) =>
    build(x.dims, (at) =>
      f(
        item(x, at),
        Array.from({ length: x.dims[axis]! }, (_, i) =>
          item(
            x,
            at.map((v, d) => (d === axis ? i : v)),
          ),
        ),
      ),
    );
  const softmax = (value: number, line: readonly number[]) => Math.exp(value) / sum(line.map(Math.exp));
  const instance = build(x.dims, ([i, c, k]) => {
    const line = [0, 1, 2, 3].map((j) => item(x, [i!, c!, j]));
    return ((item(x, [i!, c!, k!]) - mean(line)) / Math.sqrt(spreadOf(line) + 1e-5)) * scale.data[c!]! + bias.data[c!]!;
  });
  const layer = along(2, (value, line) => (value - mean(line)) / Math.sqrt(spreadOf(line) + 1e-5));
  const [g, h] = [spread([4], 0.5, 2, 3), spread([4], -1, 1, 8)];
  const batch = build(
    x.dims,
    ([i, c, k]) =>
      (scale.data[c!]! * (item(x, [i!, c!, k!]) - average.data[c!]!)) / Math.sqrt(variance.data[c!]! + 1e-5) +
      bias.data[c!]!,
  );
  const image = spread([1, 5, 2, 2]);
  const response = build(image.dims, ([i, c, a, b]) => {
    const near = [c! - 1, c!, c! + 1].filter((k) => k >= 0 && k < 5).map((k) => item(image, [i!, k, a!, b!]) ** 2);
    return item(image, [i!, c!, a!, b!]) / (1 + (0.0001 / 3) * sum(near)) ** 0.75;
  });
  const onAxis = (axis: number) => ({ attributes: [intAttribute('axis', axis)] });
  const best = (value: number, line: readonly number[]) => +(value === Math.max(...line));
  return [
    op('Softmax', 'Softmax', [f32(x)], [f32(along(2, softmax))]),
    op('Softmax of another axis', 'Softmax', [f32(x)], [f32(along(1, softmax))], onAxis(1)),
    op(
      'Softmax of large numbers',
      'Softmax',
      [f32(nd([1, 2], [10_000, 10_001]))],
      [f32(nd([1, 2], [1 / (1 + Math.E), Math.E / (1 + Math.E)]))],
    ),
    op('LogSoftmax', 'LogSoftmax', [f32(x)], [f32(along(2, (v, line) => Math.log(softmax(v, line))))]),
    op('Hardmax', 'Hardmax', [f32(x)], [f32(along(2, best))]),
    op('BatchNormalization', 'BatchNormalization', [f32(x)], [f32(batch)], {
      constants: { 1: f32(scale), 2: f32(bias), 3: f32(average), 4: f32(variance) },
    }),
    op('InstanceNormalization', 'InstanceNormalization', [f32(x)], [f32(instance)], {
      constants: { 1: f32(scale), 2: f32(bias) },
    }),
    op(
      'LayerNormalization',
      'LayerNormalization',
      [f32(x)],
      [
        f32(
          n.broadcast(
            n.broadcast(layer, g, (v, s) => v * s),
            h,
            (v, s) => v + s,
          ),
        ),
      ],
      {
        constants: { 1: f32(g), 2: f32(h) },
      },
    ),
    op('LRN', 'LRN', [f32(image)], [f32(response)], { attributes: [intAttribute('size', 3)] }),
    op(
      'LpNormalization',
      'LpNormalization',
      [f32(x)],
      [f32(along(2, (v, line) => v / Math.sqrt(sum(line.map((y) => y * y)))))],
    ),
    op(
      'MeanVarianceNormalization',
      'MeanVarianceNormalization',
      [f32(x)],
      [f32(along(2, (v, line) => (v - mean(line)) / Math.sqrt(spreadOf(line))))],
      {
        attributes: [intsAttribute('axes', [2])],
      },
    ),
    op('Dropout of inference', 'Dropout', [f32(x)], [f32(x)]),
  ];
}

function strings(): OperatorCase[] {
  const words = tensor('string', [3], ['mill', '', 'wright 🂡']);
  const two = tensor('string', [1], ['x']);
  return [
    op('Identity of strings', 'Identity', [words], [words]),
    op('Concat of strings', 'Concat', [words, two], [tensor('string', [4], [...words.data, 'x'])], {
      attributes: [intAttribute('axis', 0)],
    }),
    op('Reshape of strings', 'Reshape', [words], [tensor('string', [3, 1], words.data)], {
      constants: { 1: i64(3, 1) },
    }),
    op('Gather of strings', 'Gather', [words, i64(2, 0)], [tensor('string', [2], [words.data[2]!, words.data[0]!])]),
    op(
      'Equal of strings',
      'Equal',
      [words, tensor('string', [3], ['mill', 'x', 'wright 🂡'])],
      [as('bool', nd([3], [1, 0, 1]))],
      { opset: 19 },
    ),
  ];
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** Abramowitz and Stegun 7.1.5, the series: exact enough for |x| <= 3. */
function erf(x: number): number {
  let [term, total] = [x, x];
  for (let k = 1; k < 60; k++) {
    term *= (-x * x) / k;
    total += term / (2 * k + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
