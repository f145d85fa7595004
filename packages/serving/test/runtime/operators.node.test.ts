import { beforeAll, describe, expect, test } from 'vitest';
import { operatorCases, unsupportedCases } from '../support/operator-cases.js';
import { type OperatorRun, runOperators } from '../support/spawn-operators.js';

/**
 * Operators with outputs computed from their definitions, through onnxruntime itself and through our runtime, each in a
 * process of its own: what one can do the other can, and what neither can is refused instead of ending the process.
 */
const supported = operatorCases().map(({ name }) => name);
const unsupported = unsupportedCases().map(({ name }) => name);
let direct: OperatorRun;
let ours: OperatorRun;

beforeAll(async () => {
  const names = [...supported, ...unsupported];
  [direct, ours] = await Promise.all([runOperators('direct', names), runOperators('cpu', names)]);
}, 120_000);

describe('operators', () => {
  test('are many, and none is meant twice', () => {
    expect(supported.length).toBeGreaterThanOrEqual(150);
    expect(new Set([...supported, ...unsupported]).size).toBe(supported.length + unsupported.length);
  });

  test('give what their definitions say', () => {
    const wrong = supported.filter((name) => ours.results.get(name) !== 'pass');
    expect(wrong.map((name) => [name, ours.results.get(name), direct.results.get(name)])).toEqual([]);
  });

  test('pass where they pass without us, and nowhere else', () => {
    const passed = ({ results }: OperatorRun) =>
      [...results].filter(([, result]) => result === 'pass').map(([name]) => name);
    // Node 24 has a Float16Array, which the native binding of onnxruntime 1.30 does not know: half floats pass with us only.
    const halves = 'Float16Array' in globalThis ? /float16|half/ : /^$/;
    const [own, without] = [passed(ours), passed(direct)];
    expect(own.filter((name) => without.includes(name) || !halves.test(name))).toEqual(without);
  });

  test.each(unsupported)('%s is refused before native code can do harm', (name) => {
    expect(['serving/unsupported', 'serving/no-provider']).toContain(ours.results.get(name));
    expect(direct.results.get(name)).not.toBe('pass');
  });

  test('never end the process that serves', () => {
    expect(ours.aborted).toEqual([]);
    // What there is to survive: onnxruntime 1.30 aborts on these.
    expect(direct.aborted).toEqual(['output of int4', 'output of uint4']);
  });
});
