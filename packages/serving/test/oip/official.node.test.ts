import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DTYPES } from '@millwright/serving';
import { openInferenceClient, openInferenceHandler, serveModel } from '@millwright/serving/oip';
import Ajv from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { feeds, identity, identityHandler, origin, post, sample, wire } from './harness.js';

/** `specification/protocol/open_inference_rest.yaml` of kserve/open-inference-protocol (Apache-2.0). Not shipped. */
const file = join(process.env['MILLWRIGHT_PUBLIC_DATA'] ?? '', 'open-inference-protocol/open_inference_rest.yaml');
const absent = process.env['MILLWRIGHT_PUBLIC_DATA'] === undefined || !existsSync(file);

const ajv = new Ajv({ strict: false });
if (!absent) ajv.addSchema({ $id: 'protocol', ...parse(readFileSync(file, 'utf8')) });

/** What the published description of the protocol says against a body; `undefined` when nothing. */
function problems(schema: string, value: unknown): string | undefined {
  return ajv.validate(`protocol#/components/schemas/${schema}`, value) ? undefined : ajv.errorsText();
}

describe.skipIf(absent)('the published OpenAPI description of the protocol', () => {
  test.each(DTYPES)('holds for requests and answers of %s in JSON', async (dtype) => {
    for (const dims of [[], [0], [3], [2, 3]]) {
      const line = wire(await identityHandler(dtype));
      await openInferenceClient({ url: origin, fetch: line.fetch, binary: false }).infer(
        { name: 'echo' },
        feeds(sample(dtype, dims, true)),
      );
      const { request, response } = line.seen[0]!;
      expect(problems('inference_request', request)).toBeUndefined();
      expect(problems('inference_response', response)).toBeUndefined();
    }
  });

  test('holds for what is said of the server, of a model, and of what went wrong', async () => {
    const handle = openInferenceHandler({ models: { echo: serveModel(await identity('float32', ['rows', 2])) } });
    const get = async (path: string) => await (await handle(new Request(`${origin}${path}`))).json();
    expect(problems('metadata_server_response', await get('/v2'))).toBeUndefined();
    expect(problems('metadata_model_response', await get('/v2/models/echo'))).toBeUndefined();
    expect(problems('metadata_model_error_response', await get('/v2/models/none'))).toBeUndefined();
    const refused = await handle(post('/v2/models/echo/infer', '{"inputs":[{}]}'));
    expect(refused.status).toBe(400);
    expect(problems('inference_error_response', await refused.json())).toBeUndefined();
  });

  test('and is not one that anything keeps', () => {
    const inputs = [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }];
    expect(problems('inference_request', { inputs })).toBeUndefined();
    expect(problems('inference_request', { inputs: [{ ...inputs[0], shape: ['1'] }] })).toBeDefined();
    expect(problems('inference_request', { inputs: [{ name: 'x' }] })).toBeDefined();
    expect(problems('metadata_server_response', { name: 'x' })).toBeDefined();
  });
});
