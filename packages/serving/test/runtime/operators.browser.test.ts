import { onnx } from '@millwright/serving';
import { expect, test } from 'vitest';
import { floatCases, floatExceptions, resultOf } from '../support/operator-cases.js';

/** With `operators.node.test.ts` and `webgpu.node.test.ts`: the same fixtures give the same answers in all four places. */
test.each(['wasm', 'webgpu'] as const)(
  'operators in a page on %s give what their definitions say',
  { timeout: 240_000 },
  async (provider) => {
    const runtime = onnx({ require: provider, wasmPaths: '/node_modules/onnxruntime-web/dist/' });
    const others: string[] = [];
    for (const each of floatCases()) if ((await resultOf(each, runtime)) !== 'pass') others.push(each.name);
    expect(others).toEqual(floatExceptions[provider]);
  },
);
