/**
 * A large artifact through put and verify in a folder, and the rate of streamed hashing beside OpenSSL's own.
 * `MILLWRIGHT_ARTIFACT_GIB=5 npm run bench -- artifact` needs as much free disk.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestStream } from '@millwright/core';
import { openArtifact, putArtifact, verifyArtifact } from '@millwright/core/artifact';
import { folder } from '../src/fs.js';

const MIB = 2 ** 20;
const gib = Number(process.env['MILLWRIGHT_ARTIFACT_GIB'] ?? 1);

const chunk = new Uint8Array(MIB).map((_, i) => i * 31 + (i >> 8));
/** The chunk again and again, each time with its number in front, so that no two are equal. */
async function* bytes(chunks: number) {
  const numbered = new DataView(chunk.buffer);
  for (let i = 0; i < chunks; i++) {
    numbered.setUint32(0, i);
    yield chunk;
  }
}

const hashed = 2_048;
const start = performance.now();
await digestStream(bytes(hashed));
const ours = (hashed * MIB) / (performance.now() - start) / 1e6;
const openssl = opensslSpeed();
const beside =
  openssl === undefined ? 'no openssl here' : `${(ours / openssl).toFixed(2)} of OpenSSL's ${openssl.toFixed(2)}`;
console.log(`streamed SHA-256: ${ours.toFixed(2)} GB/s, ${beside}`);

const directory = await mkdtemp(join(tmpdir(), 'millwright-artifact-'));
let heap = 0;
const sampler = setInterval(() => {
  heap = Math.max(heap, process.memoryUsage().heapUsed);
}, 20);
try {
  const { blobs } = folder(directory);
  const size = gib * 1_024 * MIB;
  const { digest } = await timed('put (hashed, then hashed again while it is written)', size, () =>
    putArtifact(blobs, { 'model.safetensors': { open: () => bytes(gib * 1_024) } }),
  );
  const report = await timed('verify', size, async () => verifyArtifact(await openArtifact(blobs, digest)));
  if (!report.ok || report.bytes < size) throw new Error(`verified ${report.bytes} bytes, ok: ${report.ok}`);
  console.log(`heap: ${(heap / MIB).toFixed(0)} MiB at most`);
} finally {
  clearInterval(sampler);
  await rm(directory, { recursive: true, force: true });
}

async function timed<T>(what: string, size: number, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  const ms = performance.now() - from;
  console.log(`${what}: ${gib} GiB in ${(ms / 1_000).toFixed(1)} s, ${(size / ms / 1e6).toFixed(2)} GB/s`);
  return result;
}

/** GB/s of `openssl speed` on 1 MiB blocks; undefined where there is no openssl. */
function opensslSpeed(): number | undefined {
  const { stdout, status } = spawnSync('openssl', ['speed', '-seconds', '1', '-bytes', String(MIB), '-evp', 'sha256'], {
    encoding: 'utf8',
  });
  const rate = /^sha256\s+([\d.]+)k/m.exec(stdout ?? '')?.[1];
  return status === 0 && rate !== undefined ? Number(rate) / 1e6 : undefined;
}
