import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canonicalJson, type Json } from '@millwright/core';
import type { Projection } from '@millwright/core/ledger';
import { describe, expect, it } from 'vitest';

/**
 * A ledger opens from a checkpoint only when every projection in use has a snapshot: one without it would make the whole
 * ledger be read from the beginning. So all that the packages ship must have one.
 */
const packages = resolve(import.meta.dirname, '../packages');
const shipped = readdirSync(packages, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/]+\/src\/.*\.ts$/.test(path))
  .flatMap((path) =>
    Array.from(
      readFileSync(join(packages, path), 'utf8').matchAll(/^(?:export )?const (\w+): Projection</gm),
      ([, name]) => ({
        name: name!,
        path,
      }),
    ),
  );

it('they are found', () => {
  expect(shipped.length).toBeGreaterThanOrEqual(9);
});

describe.each(shipped)('$name of $path', ({ name, path }) => {
  it('has a snapshot that brings its first state back', async () => {
    const module = (await import(pathToFileURL(join(packages, path)).href)) as Record<string, Projection<unknown>>;
    const projection = module[name];
    expect(projection?.id, `${name} must be exported to be found here`).toBeDefined();
    const { snapshot, init } = projection!;
    expect(snapshot, `${name} needs a snapshot`).toBeDefined();
    const pieces: Json[] = [];
    const aside = (piece: unknown) => pieces.push(piece as Json) - 1;
    const json = snapshot!.encode(init(), aside);
    const part = (reference: Json) => ({ json: () => pieces[Number(reference)]! });
    const again = snapshot!.decode(JSON.parse(canonicalJson(json)), part);
    expect(snapshot!.encode(again, aside)).toEqual(json);
  });
});
