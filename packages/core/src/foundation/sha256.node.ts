import { createHash } from 'node:crypto';
import type { Sha256 } from './sha256.js';

/** Node's native SHA-256; same shape as `sha256.ts`, chosen by the export condition `node`. */
export function createSha256(): Sha256 {
  const hash = createHash('sha256');
  const self: Sha256 = {
    update(bytes) {
      hash.update(bytes);
      return self;
    },
    digest: () => new Uint8Array(hash.digest()),
  };
  return self;
}

/** SHA-256 of one buffer. */
export function sha256Bytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
