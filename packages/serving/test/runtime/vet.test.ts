import { seededRandom } from '@millwright/core';
import { vetModel } from '@millwright/serving/onnx';
import { describe, expect, test } from 'vitest';
import { logistic, perceptron } from '../support/models.js';
import {
  externalInitializer,
  field,
  floats,
  graph,
  graphAttribute,
  initializer,
  int64s,
  message,
  model,
  node,
  TYPE,
  type ValueSpec,
  varintField,
} from '../support/onnx-writer.js';

const x: ValueSpec = { name: 'x', type: TYPE.float, dims: ['rows', 2] };
const y: ValueSpec = { name: 'y', type: TYPE.float, dims: ['rows', 2] };
const identity = (inputs = [x], outputs = [y], extra: Uint8Array[] = [], initializers: Uint8Array[] = []) =>
  model({ nodes: [node('Identity', [inputs[0]!.name], [outputs[0]!.name])], inputs, outputs, initializers }, { extra });
const reasons = (bytes: Uint8Array, o = {}) => vetModel(bytes, o).reasons.join(' ');

describe('vetting', () => {
  test('reads the signature of a good model and has nothing against it', () => {
    const report = vetModel(perceptron([4, 8, 3]));
    expect(report.reasons).toEqual([]);
    expect(report.inputs).toEqual([{ name: 'x', dtype: 'float32', dims: ['rows', 4] }]);
    expect(report.outputs).toEqual([{ name: 'y', dtype: 'float32', dims: ['rows', 3] }]);
    expect(report.opsets.get('')).toBe(17);
    expect(report.nodeCount).toBe(3);
  });

  test('inputs with a default are not asked for', () => {
    const w: ValueSpec = { name: 'w', type: TYPE.float, dims: [2] };
    expect(vetModel(identity([x, w], [y], [], [floats('w', [2], [1, 2])])).inputs.map((spec) => spec.name)).toEqual([
      'x',
    ]);
  });

  test.each([
    ['int4', TYPE.int4],
    ['bfloat16', TYPE.bfloat16],
    ['of type 99', 99],
  ])('refuses an output that is %s, which would end the process or fail in native code', (name, type) => {
    const report = vetModel(identity([x], [{ ...y, type }]));
    expect(report.reasons.join(' ')).toContain(name);
    expect(report.unsupported).toBe(true);
  });

  test('refuses operators of unknown domains, also inside a subgraph', () => {
    const custom = node('Evil', ['x'], ['y'], [], 'com.evil');
    const body = graph({ nodes: [custom], inputs: [], outputs: [y] });
    expect(reasons(model({ nodes: [custom], inputs: [x], outputs: [y] }))).toContain('com.evil');
    const branch = node('If', ['x'], ['y'], [graphAttribute('then_branch', body)]);
    expect(reasons(model({ nodes: [branch], inputs: [x], outputs: [y] }))).toContain('com.evil');
    expect(reasons(model({ nodes: [custom], inputs: [x], outputs: [y] }), { domains: ['com.evil'] })).toBe('');
  });

  test('lets onnxruntime’s own operators through for who asks for them or trusts the maker, and says how', () => {
    const gelu = model(
      { nodes: [node('Gelu', ['x'], ['y'], [], 'com.microsoft')], inputs: [x], outputs: [y] },
      { domains: ['', 'com.microsoft'] },
    );
    expect(reasons(gelu)).toContain("`vetting: { domains: ['com.microsoft'] }`");
    expect(reasons(gelu, { domains: ['com.microsoft'] })).toBe('');
    expect(reasons(gelu, { trusted: true })).toBe('');
    // A function of that name in the file does not hide which code runs.
    const text = (value: string) => new TextEncoder().encode(value);
    const decoy = message(field(1, text('Gelu')), field(10, text('com.microsoft')));
    expect(
      reasons(
        model(
          { nodes: [node('Gelu', ['x'], ['y'], [], 'com.microsoft')], inputs: [x], outputs: [y] },
          { extra: [field(25, decoy)] },
        ),
      ),
    ).toContain('com.microsoft');
    // Optimisers name the domain also where nothing of it is left.
    const named = model(
      { nodes: [node('Identity', ['x'], ['y'])], inputs: [x], outputs: [y] },
      { domains: ['', 'com.microsoft'] },
    );
    expect(reasons(named)).toBe('');
  });

  test('refuses weights in files that the manifest does not list, or outside of them', () => {
    const outside = (location: string, more: Record<string, string> = {}) =>
      identity([x], [y], [], [externalInitializer('w', [2], { location, ...more })]);
    for (const path of ['../secret.bin', '/etc/passwd', 'other.bin']) expect(reasons(outside(path))).toContain(path);
    const sideFiles = new Map([['w.bin', 8]]);
    expect(reasons(outside('w.bin'), { sideFiles })).toBe('');
    expect(vetModel(outside('w.bin'), { sideFiles }).externalFiles).toEqual(['w.bin']);
    for (const range of [{ offset: '4', length: '8' }, { offset: '-1' }, { length: '1e99' }, { offset: 'NaN' }])
      expect(reasons(outside('w.bin', range), { sideFiles }), JSON.stringify(range)).toContain('outside');
  });

  test('refuses nesting beyond the limit', () => {
    let inner = graph({ nodes: [node('Identity', ['x'], ['y'])], inputs: [], outputs: [y] });
    for (let depth = 0; depth < 12; depth++)
      inner = graph({
        nodes: [node('If', ['x'], ['y'], [graphAttribute('then_branch', inner)])],
        inputs: [],
        outputs: [y],
      });
    const bytes = model({
      nodes: [node('If', ['x'], ['y'], [graphAttribute('then_branch', inner)])],
      inputs: [x],
      outputs: [y],
    });
    expect(reasons(bytes)).toContain('nest deeper');
    expect(reasons(bytes, { maxDepth: 20 })).toBe('');
  });

  test('refuses a request that chooses how much memory is taken', () => {
    const shape: ValueSpec = { name: 'shape', type: TYPE.int64, dims: [2] };
    const bomb = model({ nodes: [node('ConstantOfShape', ['shape'], ['y'])], inputs: [shape], outputs: [y] });
    expect(reasons(bomb)).toContain('ConstantOfShape');
    expect(reasons(bomb, { trusted: true })).toBe('');
    const indirect = [node('Cast', ['shape'], ['s']), node('Expand', ['one', 's'], ['y'])];
    expect(reasons(model({ nodes: indirect, inputs: [shape], outputs: [y] }))).toContain('Expand');
    const honest = [node('Shape', ['x'], ['s']), node('ConstantOfShape', ['s'], ['y'])];
    expect(reasons(model({ nodes: honest, inputs: [x], outputs: [y] }))).toBe('');
    const fixed = [node('ConstantOfShape', ['s'], ['y'])];
    expect(
      reasons(model({ nodes: fixed, inputs: [x], outputs: [y], initializers: [int64s('s', [2], [20_000, 20_000])] })),
    ).toContain('elements');
  });

  test('refuses names that are too long, hold control characters or come twice', () => {
    expect(reasons(identity([{ ...x, name: 'x'.repeat(600) }]))).toContain('longer');
    expect(reasons(identity([{ ...x, name: 'a\u0000b' }]))).toContain('control');
    expect(reasons(identity([x, x]))).toContain('one name');
    expect(vetModel(identity([{ ...x, name: '__proto__' }])).inputs[0]!.name).toBe('__proto__');
  });

  test('refuses what is not a model, and says where', () => {
    for (const bytes of [
      new Uint8Array(),
      Uint8Array.of(1, 2, 3),
      Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f),
      new TextEncoder().encode('<html>not found</html>'),
    ])
      expect(reasons(bytes)).toContain('not an ONNX model');
    expect(reasons(message(field(7, varintField(1, 1))))).not.toBe('');
    expect(reasons(identity([x], [y], [field(20, new Uint8Array())]))).toContain('training');
  });

  test('refuses what claims more weights than the file has, and properties without end', () => {
    const claims = (count: number) => initializer('w', [count], TYPE.float, new Uint8Array(8));
    expect(reasons(identity([x], [y], [], [claims(2)]))).toBe('');
    expect(reasons(identity([x], [y], [], [claims(2 ** 30)]))).toContain('impossible dimensions');
    const property = (bytes: number) =>
      field(14, message(field(1, new Uint8Array(3).fill(97)), field(2, new Uint8Array(bytes).fill(97))));
    expect(reasons(identity([x], [y], [property(1_000)]))).toBe('');
    expect(reasons(identity([x], [y], [property(2 ** 20)]))).toContain('properties');
  });

  test('refuses a file format that nobody knows yet, and operators that the host does not want', () => {
    const version = (ir: number) => vetModel(identity([x], [y], [varintField(1, ir)]));
    expect(version(13).reasons).toEqual([]);
    expect(version(14)).toMatchObject({ reasons: [expect.stringContaining('14')], unsupported: true });
    expect(reasons(identity(), { refuseOperators: ['Identity'] })).toContain('`Identity`');
    expect(reasons(identity(), { refuseOperators: ['Loop'] })).toBe('');
  });

  test('has limits that the host sets', () => {
    const limits: readonly [object, string][] = [
      [{ maxNodes: 2 }, 'more than 2 nodes'],
      [{ maxNameLength: 1 }, 'longer than 1 bytes'],
      [{ maxMetadataBytes: 5 }, 'more than 5'],
    ];
    const property = field(14, message(field(1, new Uint8Array(3).fill(97)), field(2, new Uint8Array(3).fill(97))));
    const nodes = ['a', 'b', 'y'].map((to, i, all) => node('Identity', [i === 0 ? 'x' : all[i - 1]!], [to]));
    const bytes = model({ nodes, inputs: [x], outputs: [y] }, { extra: [property] });
    expect(reasons(bytes)).toBe('');
    for (const [limit, reason] of limits) expect(reasons(bytes, limit)).toContain(reason);
    const filled = model({
      nodes: [node('ConstantOfShape', ['s'], ['y'])],
      inputs: [x],
      outputs: [y],
      initializers: [int64s('s', [2], [10, 10])],
    });
    expect(reasons(filled)).toBe('');
    expect(reasons(filled, { maxElements: 99 })).toContain('100 elements');
  });

  test('refuses functions that expand without end', () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const fn = (name: string, callees: readonly string[]) =>
      field(
        25,
        message(
          field(1, text(name)),
          field(4, text('x')),
          field(5, text('y')),
          ...callees.map((callee) => field(7, node(callee, ['x'], ['y'], [], callee === 'Identity' ? '' : 'mine'))),
          field(10, text('mine')),
        ),
      );
    const withFunctions = (functions: readonly Uint8Array[]) =>
      reasons(
        model({ nodes: [node('f0', ['x'], ['y'], [], 'mine')], inputs: [x], outputs: [y] }, { extra: functions }),
      );
    expect(withFunctions([fn('f0', ['Identity'])])).toBe('');
    const doubling = (count: number) =>
      Array.from({ length: count }, (_, i) => fn(`f${i}`, i === count - 1 ? ['Identity'] : [`f${i + 1}`, `f${i + 1}`]));
    expect(withFunctions(doubling(8))).toBe('');
    expect(withFunctions(doubling(40))).toContain('expand');
    expect(withFunctions([fn('f0', ['f1']), fn('f1', ['f0'])])).toContain('expand');
    expect(withFunctions(Array.from({ length: 5_000 }, (_, i) => fn(`f${i}`, [`f${i + 1}`])))).toContain('expand');
  });

  test('never throws on a broken file, and refuses most', () => {
    const good = logistic([1, 2, 3], 0.5);
    const random = seededRandom(7);
    let refused = 0;
    for (let i = 0; i < 3_000; i++) {
      const bytes = good.slice(0, random.next() < 0.3 ? Math.floor(random.next() * good.length) : good.length);
      for (let flips = 0; flips < 3 && bytes.length > 0; flips++)
        bytes[Math.floor(random.next() * bytes.length)] = Math.floor(256 * random.next());
      if (vetModel(bytes).reasons.length > 0) refused++;
    }
    expect(refused).toBeGreaterThan(1_000);
  });
});
