import { appendFileSync, existsSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import Ajv from 'ajv/dist/2020.js';
import { afterEach, describe, expect, test } from 'vitest';
import { importModelPack, readModelPack, writeModelPack } from '../../src/modelpack.js';
import { layoutOf, packed } from './pack.js';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});
async function fresh() {
  const pack = await packed();
  made.push(pack.folder);
  return { ...pack, ...layoutOf(pack.folder) };
}

describe('a version as a ModelPack', () => {
  test('has the media types of the specification, a layer for each file', async () => {
    const { index, manifest, config, digest, version } = await fresh();
    expect(index()).toMatchObject({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ digest, artifactType: 'application/vnd.cncf.model.manifest.v1+json' }],
    });
    expect(manifest().config.mediaType).toBe('application/vnd.cncf.model.config.v1+json');
    const types = manifest().layers.map((layer) => [layer.annotations?.['org.cncf.model.filepath'], layer.mediaType]);
    expect(Object.fromEntries(types)).toEqual({
      'README.md': 'application/vnd.cncf.model.doc.v1.raw',
      'odd.bin': 'application/vnd.cncf.model.weight.v1.raw',
      'onnx/model.onnx': 'application/vnd.cncf.model.weight.v1.raw',
      'tokenizer.json': 'application/vnd.cncf.model.weight.config.v1.raw',
    });
    expect(config()).toMatchObject({
      descriptor: {
        name: 'flight-delay',
        version: '1',
        revision: version.artifact,
        createdAt: new Date(version.registeredAt).toISOString(),
        licenses: ['Apache-2.0'],
      },
      modelfs: { type: 'layers', diffIds: manifest().layers.map((layer) => layer.digest) },
    });
  });

  test('comes back as an artifact of the same digest, once', async () => {
    const { folder, version, digest } = await fresh();
    const registry = await openRegistry(memoryStorage(), { actor: 'otto' });
    const back = await importModelPack(registry, 'flight-delay', folder, { owner: 'ops', digest });
    expect(back).toMatchObject({ artifact: version.artifact, description: 'Warns passengers.' });
    expect(back.tags).toEqual({ 'modelpack.digest': digest });
    expect((await importModelPack(registry, 'flight-delay', folder)).id).toBe(back.id);
  });

  test('is the same bytes the next time, and overwrites nothing', async () => {
    const { registry, version, folder, digest } = await fresh();
    await expect(writeModelPack(registry, version, folder)).rejects.toMatchObject({ code: 'state/precondition' });
    const other = `${folder}-again`;
    made.push(other);
    expect(await writeModelPack(registry, version, other, { licenses: ['Apache-2.0'] })).toBe(digest);
    expect(readFileSync(join(other, 'index.json'))).toEqual(readFileSync(join(folder, 'index.json')));
  });
});

/** `schema/config-schema.json` of modelpack/model-spec (Apache-2.0). Not shipped. */
const schema = join(process.env['MILLWRIGHT_PUBLIC_DATA'] ?? '', 'modelpack/config-schema.json');

test.skipIf(process.env['MILLWRIGHT_PUBLIC_DATA'] === undefined || !existsSync(schema))(
  'the configuration keeps the public schema, which knows no other members',
  async () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(schema, 'utf8')),
    );
    const config = (await fresh()).config();
    expect(validate(config), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...config, other: 1 })).toBe(false);
    const { modelfs: _, ...rest } = config;
    expect(validate(rest)).toBe(false);
  },
);

describe('a layout from somebody else', () => {
  type Pack = Awaited<ReturnType<typeof fresh>>;
  const path = 'org.cncf.model.filepath';
  const named = (name: string) => (pack: Pack) =>
    pack.change(({ layers }) => {
      layers[0]!.annotations = { [path]: name };
    });
  const cases: readonly (readonly [what: string, code: string, change: (pack: Pack) => void])[] = [
    ['a path that leads out', 'artifact/invalid', named('../../etc/cron.d/job')],
    ['a path that is absolute', 'artifact/invalid', named('/etc/passwd')],
    ['a path with backslashes', 'artifact/invalid', named('..\\..\\x')],
    ['a path that another has, but for case', 'artifact/invalid', named('TOKENIZER.json')],
    ['a path inside another file', 'artifact/invalid', named('tokenizer.json/x')],
    ['a path that another layer has', 'artifact/invalid', named('tokenizer.json')],
    [
      'no path',
      'artifact/invalid',
      (pack) =>
        pack.change(({ layers }) => {
          layers[0]!.annotations = {};
        }),
    ],
    [
      'an archive that is none',
      'artifact/invalid',
      (pack) =>
        pack.change(({ layers }) => {
          layers[0]!.mediaType = 'application/vnd.cncf.model.weight.v1.tar';
        }),
    ],
    [
      'an archive that not every platform can read',
      'artifact/invalid',
      (pack) =>
        pack.change(({ layers }) => {
          layers[0]!.mediaType = 'application/vnd.cncf.model.weight.v1.tar+zstd';
        }),
    ],
    [
      'fewer diffIds than layers',
      'artifact/invalid',
      (pack) =>
        pack.change((_, { modelfs }) => {
          modelfs.diffIds.pop();
        }),
    ],
    [
      'a digest that is a path',
      'artifact/invalid',
      (pack) =>
        pack.change(({ layers }, { modelfs }) => {
          layers[0]!.digest = modelfs.diffIds[0] = 'sha256:../../../../etc/passwd';
        }),
    ],
    [
      'a size that is not that of the blob',
      'artifact/invalid',
      (pack) =>
        pack.change(({ layers }) => {
          layers[0]!.size++;
        }),
    ],
    [
      'layers that claim more than is allowed',
      'input/too-large',
      (pack) =>
        pack.change(({ layers }) => {
          layers[0]!.size = 2 ** 50;
        }),
    ],
    [
      'diffIds of other layers',
      'artifact/invalid',
      (pack) =>
        pack.change((_, { modelfs }) => {
          modelfs.diffIds.reverse();
        }),
    ],
    [
      'another kind of artifact',
      'artifact/invalid',
      (pack) =>
        pack.change((manifest) => {
          manifest.artifactType = 'application/vnd.example';
        }),
    ],
    [
      'a blob that is a link',
      'artifact/invalid',
      ({ blob, manifest }) => {
        const file = blob(manifest().layers[0]!.digest);
        rmSync(file);
        symlinkSync('/etc/passwd', file);
      },
    ],
    ['a blob that is missing', 'storage/failed', ({ blob, manifest }) => rmSync(blob(manifest().layers[0]!.digest))],
    [
      'a manifest with other bytes',
      'artifact/mismatch',
      ({ blob, index }) => {
        const file = blob(index().manifests[0]!.digest);
        writeFileSync(file, readFileSync(file, 'utf8').replace('schemaVersion', 'schemaversion'));
      },
    ],
    [
      'a configuration with other bytes',
      'artifact/mismatch',
      ({ blob, manifest }) => {
        const file = blob(manifest().config.digest);
        writeFileSync(file, readFileSync(file, 'utf8').replace('flight-delay', 'flight-relay'));
      },
    ],
    [
      'an index without an end',
      'input/too-large',
      ({ folder }) => appendFileSync(join(folder, 'index.json'), ' '.repeat(5e6)),
    ],
    ['an index that was cut off', 'artifact/invalid', ({ folder }) => truncateSync(join(folder, 'index.json'), 20)],
    [
      'another version of the layout',
      'artifact/invalid',
      ({ folder }) => writeFileSync(join(folder, 'oci-layout'), '{}'),
    ],
    ['no layout at all', 'storage/failed', ({ folder }) => rmSync(join(folder, 'oci-layout'))],
  ];

  test.each(cases)('with %s is refused: %s', async (_, code, change) => {
    const pack = await fresh();
    change(pack);
    await expect(readModelPack(pack.folder)).rejects.toMatchObject({ code });
  });

  test('whose file has other bytes of the same size is found when it is read, and nothing is registered', async () => {
    const { folder, blob, manifest } = await fresh();
    const layer = manifest().layers[0]!;
    const file = blob(layer.digest);
    const bytes = readFileSync(file);
    bytes[0]! ^= 1;
    writeFileSync(file, bytes);
    const registry = await openRegistry(memoryStorage(), { actor: 'otto' });
    await expect(importModelPack(registry, 'm', folder, { owner: 'ops' })).rejects.toMatchObject({
      code: 'artifact/mismatch',
      details: { path: layer.annotations?.[path] },
    });
    expect(registry.models.list().items).toEqual([]);
  });

  test('that is consistent, but not what was promised, is refused by the digest', async () => {
    const { folder, digest, change } = await fresh();
    change((_, config) => {
      config.descriptor['name'] = 'other';
    });
    await expect(readModelPack(folder, { digest })).rejects.toMatchObject({ code: 'state/not-found' });
    await expect(readModelPack(folder, { tag: '2' })).rejects.toMatchObject({ code: 'state/not-found' });
    expect((await readModelPack(folder, { tag: '1' })).config.descriptor.name).toBe('other');
  });
});
