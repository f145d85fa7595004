import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { importModelPack, readModelPack } from '../../src/modelpack.js';
import { readTar } from '../../src/shared/tar.js';
import { layoutOf, packed } from './pack.js';

const TAR = 'application/vnd.cncf.model.weight.v1.tar';
const GZIP = 'application/vnd.cncf.model.doc.v1.tar+gzip';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'millwright-tar-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

/** What the machine's own tar makes of these files. */
function tar(files: Readonly<Record<string, string>>, ...options: string[]): Uint8Array {
  const folder = join(scratch, 'files');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return tarOf(folder, ...options);
}

function tarOf(folder: string, ...options: string[]): Uint8Array {
  execFileSync('tar', ['-C', folder, '-cf', join(scratch, 'made.tar'), ...options, '.']);
  return readFileSync(join(scratch, 'made.tar'));
}

async function layout() {
  const pack = await packed();
  scratches.push(pack.folder);
  return { ...pack, ...layoutOf(pack.folder) };
}
const scratches: string[] = [];
afterEach(() => {
  for (const folder of scratches.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function collected(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

async function listed(bytes: Uint8Array, chunk = 4_096): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { path, size, offset, bytes: parts } of readTar(inChunks(bytes, chunk))) {
    const text = (await collected(parts)).toString();
    expect(Buffer.from(bytes.subarray(offset, offset + size)).toString()).toBe(text);
    files[path] = text;
  }
  return files;
}

const long = `${'deep/'.repeat(30)}${'n'.repeat(90)}.txt`;
const ordinary = { 'a.txt': 'a', 'empty.bin': '', 'b/c.json': '{}', 'ünï.txt': 'u', 'block.bin': 'x'.repeat(512) };

describe('archives of the machine’s own tar', () => {
  test.each([
    ['gnu', { ...ordinary, [long]: 'long' }],
    ['pax', { ...ordinary, [long]: 'long' }],
    ['ustar', { ...ordinary, [`${'half/'.repeat(30)}end.txt`]: 'prefix' }],
    ['v7', ordinary],
  ])('in the format %s, by chunks of any size', async (format, files) => {
    const bytes = tar(files, `--format=${format}`, '--sort=name');
    expect(await listed(bytes)).toEqual(files);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2_000 }), async (size) => {
        expect(await listed(bytes, size)).toEqual(files);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  test('a file that is not read is passed over', async () => {
    const paths: string[] = [];
    for await (const { path } of readTar(inChunks(tar(ordinary, '--sort=name'), 700))) paths.push(path);
    expect(paths).toEqual(Object.keys(ordinary).sort());
  });

  test('leaving early lets go of the input', async () => {
    let closed = false;
    async function* chunks() {
      try {
        yield* inChunks(tar(ordinary), 100);
      } finally {
        closed = true;
      }
    }
    for await (const _ of readTar(chunks())) break;
    expect(closed).toBe(true);
  });
});

describe('a layout whose layers are archives', () => {
  test('is imported: files of both kinds of archives beside files as they are', async () => {
    const { folder, addLayer } = await layout();
    addLayer(TAR, tar({ 'weights/part-1.bin': 'w'.repeat(100_000), 'weights/none.bin': '' }));
    rmSync(join(scratch, 'files'), { recursive: true });
    const docs = tar({ 'docs/GUIDE.md': '# How' }, '--format=pax');
    addLayer(GZIP, gzipSync(docs), docs);
    const registry = await openRegistry(memoryStorage(), { actor: 'otto' });
    const version = await importModelPack(registry, 'flight-delay', folder, { owner: 'ops' });
    const { artifact } = await registry.version(version).resolve();
    const sizes = artifact.manifest.files.map(({ path, size }) => [path, size]);
    expect(Object.fromEntries(sizes)).toEqual({
      'README.md': 7,
      'docs/GUIDE.md': 5,
      'odd.bin': 3,
      'onnx/model.onnx': 8_000,
      'tokenizer.json': 2,
      'weights/none.bin': 0,
      'weights/part-1.bin': 100_000,
    });
    expect(new TextDecoder().decode(await artifact.bytes('docs/GUIDE.md'))).toBe('# How');
  });

  test('whose archive changes after it was looked at is found when its files are read', async () => {
    const { folder, addLayer, blob } = await layout();
    const bytes = tar({ 'part.bin': 'w'.repeat(1_000) });
    const digest = addLayer(TAR, bytes);
    const { files } = await readModelPack(folder);
    writeFileSync(
      blob(digest),
      Buffer.from(bytes).map((byte) => (byte === 0x77 ? 0x78 : byte)),
    );
    const source = files['part.bin'] as { open(): AsyncIterable<Uint8Array> };
    await expect(collected(source.open())).rejects.toMatchObject({ code: 'artifact/mismatch' });
  });
});

/** Archives that nobody should unpack, most of them made by the machine's own tar. */
const hostile: readonly (readonly [what: string, reason: RegExp, make: () => Uint8Array])[] = [
  ['a symbolic link', /symbolic link/, () => made((at) => symlinkSync('/etc/passwd', at('x')))],
  ['a hard link', /hard link/, () => made((at) => [writeFileSync(at('a'), 'a'), linkSync(at('a'), at('b'))])],
  ['a pipe', /pipe/, () => made((at) => execFileSync('mkfifo', [at('p')]))],
  ['a device', /device/, () => changed([KIND, letters('3')])],
  ['a kind that is not known', /no plain file/, () => changed([KIND, letters('Z')])],
  ['a sparse file', /sparse/, () => sparse('--format=gnu')],
  ['a sparse file in pax', /sparse/, () => sparse('--format=pax')],
  ['a path that leads out', /`\.\.` part/, () => tar({ x: 'x' }, '-P', '--transform=s,^\\./x$,../../etc/cron.d/x,')],
  [
    'a path that leads out in a long name',
    /`\.\.` part/,
    () => tar({ x: 'x' }, '-P', `--transform=s,^\\./x$,../${long},`),
  ],
  [
    'a path that leads out in pax',
    /`\.\.` part/,
    () => tar({ x: 'x' }, '-P', '--format=pax', `--transform=s,^\\./x$,../${long},`),
  ],
  ['an absolute path', /absolute/, () => tar({ x: 'x' }, '-P', '--transform=s,^\\./x$,/etc/x,')],
  ['a path of Windows', /character/, () => tar({ x: 'x' }, '--transform=s,^\\./x$,..\\\\x,')],
  ['a path that is no text', /UTF-8/, () => changed([NAME, [0xff, 0xfe]])],
  ['a file twice', /same path/, () => tar({ x: 'x', y: 'y' }, '--transform=s,^\\./y$,./x,')],
  ['a file that a raw layer has', /same path/, () => tar({ 'README.md': '# other' })],
  ['a file inside of a file', /inside/, () => tar({ 'odd.bin/x': 'x' })],
  ['a checksum that does not hold', /checksum/, () => tar({ x: 'x' }).map((byte, i) => (i === 136 ? byte ^ 1 : byte))],
  ['a size beyond its end', /cut off/, () => changed([SIZE, octal(2 ** 30)])],
  ['a size that no number holds', /too large/, () => changed([SIZE, [0x80, ...Array(11).fill(0xff)]])],
  ['a negative size', /number/, () => changed([SIZE, Array(12).fill(0xff)])],
  ['a size that is none', /number/, () => changed([SIZE, letters('0000000000zz')])],
  ['a folder with bytes', /folder/, () => changed([KIND, letters('5')])],
  ['a name of a gigabyte', /header has/, () => changed([SIZE, octal(2 ** 30)], [KIND, letters('L')])],
  ['a pax header that is broken', /pax/, () => changed([KIND, letters('x')])],
  ['no end', /cut off/, () => tar({ x: 'x' }).subarray(0, 1_024 + 512)],
  ['half a header', /cut off/, () => tar({ x: 'x' }).subarray(0, 700)],
  ['no bytes', /cut off/, () => new Uint8Array()],
  ['another archive behind its end', /follows/, () => Buffer.concat([tar({ x: 'x' }), tar({ x: 'other' })])],
];

/** An archive of what `make` puts into an empty folder. */
function made(make: (at: (name: string) => string) => unknown, ...options: string[]): Uint8Array {
  const folder = join(scratch, 'files');
  mkdirSync(folder);
  make((name) => join(folder, name));
  return tarOf(folder, ...options);
}

const [NAME, SIZE, KIND] = [0, 124, 156];
const letters = (text: string) => Buffer.from(text);
const octal = (size: number) => letters(size.toString(8).padStart(11, '0'));

/** An archive of one file whose header is another, with the checksum that fits. */
function changed(...fields: readonly (readonly [offset: number, bytes: ArrayLike<number>])[]): Uint8Array {
  mkdirSync(join(scratch, 'files'));
  writeFileSync(join(scratch, 'files', 'x'), 'x'.repeat(600));
  execFileSync('tar', ['-C', join(scratch, 'files'), '-cf', join(scratch, 'made.tar'), 'x']);
  const bytes = Uint8Array.from(readFileSync(join(scratch, 'made.tar')));
  for (const [offset, field] of fields) bytes.set(field, offset);
  bytes.fill(0x20, 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0`), 148);
  return bytes;
}

function sparse(format: string): Uint8Array {
  const make = (at: (name: string) => string) => {
    writeFileSync(at('holes'), 'x');
    truncateSync(at('holes'), 10_000_000);
  };
  return made(make, '-S', format);
}

describe('an archive with', () => {
  test.each(hostile)('%s is refused, plain and compressed', async (_, reason, make) => {
    const bytes = make();
    for (const compressed of [false, true]) {
      const { folder, addLayer } = await layout();
      if (compressed) addLayer(GZIP, gzipSync(bytes), bytes);
      else addLayer(TAR, bytes);
      await expect(readModelPack(folder)).rejects.toMatchObject({
        code: 'artifact/invalid',
        message: expect.stringMatching(reason),
      });
    }
  });

  test('bytes of another digest is refused', async () => {
    const { folder, addLayer, blob } = await layout();
    const bytes = tar({ 'part.bin': 'w' });
    writeFileSync(
      blob(addLayer(TAR, bytes)),
      Buffer.from(bytes).map((byte) => (byte === 0x77 ? 0x78 : byte)),
    );
    await expect(readModelPack(folder)).rejects.toMatchObject({ code: 'artifact/mismatch' });
  });
});

describe('a compressed archive', () => {
  test('that is a bomb is not unpacked, and neither are two that are one together', async () => {
    const bomb = Buffer.alloc(50_000_000);
    const { folder, addLayer } = await layout();
    addLayer(GZIP, gzipSync(bomb), bomb);
    const code = 'input/too-large';
    await expect(readModelPack(folder, { maxUnpackedBytes: 1_000_000 })).rejects.toMatchObject({ code });
    await expect(readModelPack(folder, { maxUnpackedBytes: 10 })).rejects.toMatchObject({ code });

    const two = await layout();
    for (const name of ['one', 'two']) {
      const bytes = tar({ [`${name}.bin`]: name });
      two.addLayer(GZIP, gzipSync(bytes), bytes);
      rmSync(join(scratch, 'files'), { recursive: true });
    }
    await expect(readModelPack(two.folder, { maxUnpackedBytes: 15_000 })).rejects.toMatchObject({ code });
    expect(Object.keys((await readModelPack(two.folder, { maxUnpackedBytes: 20_480 })).files)).toContain('two.bin');
  });

  test('that is not gzip, cut off, or holds something else than its diffId says is refused', async () => {
    const bytes = tar({ 'a.txt': 'a' });
    const packedBytes = gzipSync(bytes);
    const cases = [
      [bytes, bytes, 'artifact/invalid'],
      [packedBytes.subarray(0, -10), bytes, 'artifact/invalid'],
      [packedBytes, packedBytes, 'artifact/mismatch'],
    ] as const;
    for (const [layer, unpacked, code] of cases) {
      const { folder, addLayer } = await layout();
      addLayer(GZIP, layer, unpacked);
      await expect(readModelPack(folder)).rejects.toMatchObject({ code });
    }
  });
});
