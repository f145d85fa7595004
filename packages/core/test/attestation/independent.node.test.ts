import { createHash, createPublicKey, verify } from 'node:crypto';
import { encodeUtf8 } from '@millwright/core';
import { putArtifact } from '@millwright/core/artifact';
import { signModel } from '@millwright/core/attestation';
import { memoryBlobs } from '@millwright/core/storage';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS, newKey } from './keys.js';

/** The steps of docs/model_signing_format.md of OpenSSF model-signing on node:crypto, with nothing of ours. */
function verifyIndependently(signature: string, files: Record<string, Uint8Array>, spki: Uint8Array): void {
  const { mediaType, verificationMaterial, dsseEnvelope } = JSON.parse(signature);
  expect(mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const pem = key.export({ type: 'spki', format: 'pem' });
  expect(verificationMaterial.publicKey.hint).toBe(createHash('sha256').update(pem).digest('hex'));

  const payload = Buffer.from(dsseEnvelope.payload, 'base64');
  const type = 'application/vnd.in-toto+json';
  expect(dsseEnvelope.payloadType).toBe(type);
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const hashes: Record<string, string> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };
  const hash = key.asymmetricKeyType === 'ed25519' ? null : hashes[key.asymmetricKeyDetails!.namedCurve!]!;
  expect(verify(hash, signed, key, Buffer.from(dsseEnvelope.signatures[0].sig, 'base64'))).toBe(true);

  const { _type, subject, predicateType, predicate } = JSON.parse(String(payload));
  expect([_type, predicateType]).toEqual(['https://in-toto.io/Statement/v1', 'https://model_signing/signature/v1.0']);
  expect(predicate.serialization).toMatchObject({ method: 'files', hash_type: 'sha256', allow_symlinks: false });
  const root = createHash('sha256');
  const listed: Record<string, string> = {};
  for (const { name, algorithm, digest } of predicate.resources) {
    expect(algorithm).toBe('sha256');
    root.update(Buffer.from(digest, 'hex'));
    listed[name] = digest;
  }
  expect(subject).toHaveLength(1);
  expect(subject[0].digest.sha256).toBe(root.digest('hex'));
  expect(Object.keys(listed)).toEqual(Object.keys(files).sort());
  for (const [path, bytes] of Object.entries(files))
    expect(listed[path]).toBe(createHash('sha256').update(bytes).digest('hex'));
}

describe.each(Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[])('a model that was signed with %s', (kind) => {
  test('verifies by an implementation that is not ours', async () => {
    const { signer, spki } = await newKey(kind);
    const files = {
      'a.txt': encodeUtf8('a'),
      'a/b.bin': new Uint8Array(3_000_000).fill(7),
      'ä.json': encodeUtf8('{}'),
    };
    const { manifest } = await putArtifact(memoryBlobs(), files);
    const signature = await signModel(manifest, { name: 'm', keys: [signer] });
    verifyIndependently(signature, files, spki);
    expect(() => verifyIndependently(signature, { ...files, 'a.txt': encodeUtf8('b') }, spki)).toThrow();
  });
});
