import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { ingestOpenLineage } from '../../src/openlineage.js';
import { emitted, line } from './support.js';

/**
 * A folder with `openlineage/`: the `spec` of OpenLineage/OpenLineage with its facets and its valid examples (Apache-2.0). Not shipped. The
 * core schema does not look into facets, so each facet is held to the schema that it names.
 */
const folder = join(process.env['MILLWRIGHT_PUBLIC_DATA'] ?? '', 'openlineage');
const absent = process.env['MILLWRIGHT_PUBLIC_DATA'] === undefined || !existsSync(folder);

const json = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const ajv = new Ajv({ strict: false, validateFormats: false });
if (!absent) {
  ajv.addSchema(json('OpenLineage.json'));
  for (const name of readdirSync(join(folder, 'facets')))
    if (name.endsWith('.json')) ajv.addSchema(json(`facets/${name}`));
}

/** What is wrong with a value under the schema of this address. */
function problems(schema: string, value: unknown): unknown {
  const validate = ajv.getSchema(schema);
  if (validate === undefined) return `no schema ${schema}`;
  return validate(value) ? undefined : validate.errors;
}

/** Every facet in an event, wherever it stands. */
function facetsOf(value: unknown): { readonly _schemaURL: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(facetsOf);
  return '_schemaURL' in value && typeof value._schemaURL === 'string'
    ? [value as { _schemaURL: string }, ...inside]
    : inside;
}

describe.skipIf(absent)('the public schemas of OpenLineage 2-0-2', () => {
  it('hold for everything that is emitted, facet by facet', async () => {
    const events = await emitted((await line()).registry);
    const seen = new Set<string>();
    for (const event of events) {
      expect(problems(event.schemaURL, event), JSON.stringify(event)).toBeUndefined();
      for (const facet of facetsOf(event)) {
        if (facet._schemaURL.startsWith('urn:millwright:')) continue;
        seen.add(facet._schemaURL);
        expect(problems(facet._schemaURL, facet), JSON.stringify(facet)).toBeUndefined();
      }
    }
    expect(seen.size).toBe(13);
  });

  it('find every member that is taken away from what they require', async () => {
    let refused = 0;
    for (const event of await emitted((await line()).registry))
      for (const name of ['eventTime', 'producer', 'schemaURL']) {
        const { [name as 'producer']: _, ...rest } = event;
        expect(problems(event.schemaURL, rest)).toBeDefined();
        refused++;
      }
    expect(refused).toBeGreaterThan(20);
  });

  it('hold for their own example, and it is ingested', async () => {
    const event = json('tests/example_full_event.json');
    const { registry } = await line();
    const { run, inputs, outputs } = await ingestOpenLineage(registry, event);
    expect(run).toContain(event.run.runId);
    expect([inputs.length, outputs.length]).toEqual([event.inputs?.length ?? 0, event.outputs?.length ?? 0]);
  });
});
