import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { openRegistry } from '@millwright/registry';
import { writeModelPack } from '../../src/modelpack.js';

/** A registry with a version of several files, and its layout in a fresh folder. */
export async function packed() {
  const registry = await openRegistry(memoryStorage(), { actor: 'maria', clock: virtualClock(Date.UTC(2026, 0, 1)) });
  const bytes = (text: string) => new TextEncoder().encode(text);
  const version = await registry.models.register('flight-delay', {
    files: {
      'onnx/model.onnx': bytes('weights '.repeat(1_000)),
      'tokenizer.json': bytes('{}'),
      'README.md': bytes('# Late?'),
      'odd.bin': { bytes: bytes('odd'), mediaType: 'application/x-odd' },
    },
    owner: 'ops',
    description: 'Warns passengers.',
  });
  const folder = mkdtempSync(join(tmpdir(), 'millwright-modelpack-'));
  const digest = await writeModelPack(registry, version, folder, { licenses: ['Apache-2.0'] });
  return { registry, version, folder, digest };
}

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}
export interface Manifest {
  artifactType: string;
  config: Descriptor;
  layers: Descriptor[];
}
export interface Config {
  descriptor: Record<string, unknown>;
  config: Record<string, unknown>;
  modelfs: { type: string; diffIds: string[] };
}

/** A layout as somebody else would see it, and change it. */
export function layoutOf(folder: string) {
  const blob = (digest: string) => join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
  const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  const index = (): { manifests: Descriptor[] } => json(join(folder, 'index.json'));
  const manifest = (): Manifest => json(blob(index().manifests[0]!.digest));
  const config = (): Config => json(blob(manifest().config.digest));
  /** Stores a document as a blob, and tells where it is. */
  function put(value: unknown): { digest: string; size: number } {
    const text = JSON.stringify(value);
    const digest = digestOf(text);
    writeFileSync(blob(digest), text);
    return { digest, size: text.length };
  }
  /** Another manifest, and a configuration that fits its layers, with digests that are right. */
  function change(edit: (manifest: Manifest, config: Config) => void): void {
    const [next, content] = [manifest(), config()];
    edit(next, content);
    next.config = { ...next.config, ...put(content) };
    const { manifests } = index();
    manifests[0] = { ...manifests[0]!, ...put(next) };
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  }
  /** One layer more, with the digests that fit unless others are given. */
  function addLayer(mediaType: string, bytes: Uint8Array, unpacked: Uint8Array = bytes): string {
    const digest = digestOf(bytes);
    writeFileSync(blob(digest), bytes);
    change(({ layers }, { modelfs }) => {
      layers.push({ mediaType, digest, size: bytes.byteLength });
      modelfs.diffIds.push(digestOf(unpacked));
    });
    return digest;
  }
  return { blob, index, manifest, config, change, addLayer };
}

function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
