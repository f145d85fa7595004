/**
 * Runs the operator cases from one on, through onnxruntime itself (`direct`) or through our runtime on a provider, and
 * writes a line for each before the next begins: whoever reads knows which one ended the process.
 * `node run-operators.ts direct|cpu|webgpu <from>`
 */
import { writeSync } from 'node:fs';
import { onnx, type Tensor } from '@millwright/serving';
import * as ort from 'onnxruntime-node';
import { type AnyCase, floatCases, operatorCases, resultOf, unsupportedCases, verdict } from './operator-cases.js';

/** What became of a case: `pass`, `differs`, or why it could not be run. */
export interface CaseResult {
  readonly name: string;
  readonly result: string;
}

const [how, from] = process.argv.slice(2);
const cases = how === 'webgpu' ? floatCases() : [...operatorCases(), ...unsupportedCases()];
for (const each of cases.slice(Number(from))) {
  const result = await (how === 'direct' ? direct(each).catch(() => 'failed') : resultOf(each, onnx({ require: how })));
  writeSync(1, `${JSON.stringify({ name: each.name, result } satisfies CaseResult)}\n`);
}

async function direct(each: AnyCase): Promise<string> {
  const session = await ort.InferenceSession.create(each.model, { logSeverityLevel: 4 });
  const feeds = Object.fromEntries(
    [...each.feeds].map(([name, t]) => [name, new ort.Tensor(t.dtype as 'float32', t.data as Float32Array, t.dims)]),
  );
  const answer = await session.run(feeds);
  const outputs = Object.entries(answer).map(
    ([name, { type, dims, data }]) => [name, { dtype: type, dims, data }] as const,
  );
  await session.release();
  return verdict(each, new Map(outputs as [string, Tensor][]));
}
