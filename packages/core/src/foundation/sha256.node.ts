import { createHash, hash } from 'node:crypto';
import type { Sha256 } from './sha256.js';

/** Node's native SHA-256; same shape as `sha256.ts`, chosen by the export condition `node`. */
export function createSha256(): Sha256 {
  const sha256 = createHash('sha256');
  const self: Sha256 = {
    update(bytes) {
      sha256.update(bytes);
      return self;
    },
    digest: () => new Uint8Array(sha256.digest()),
  };
  return self;
}

/**
 * SHA-256 of one buffer. The one-shot `hash` makes no object per call, and its bytes come as a string: 0.3 µs for
 * a tree node, where a result as Buffer takes 0.9.
 */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'binary');
  const out = new Uint8Array(32);
  for (let i = 0; i < 32; i++) out[i] = text.charCodeAt(i);
  return out;
}
