import { encodeUtf8 } from '@millwright/core';
import { describeFiles } from '@millwright/core/artifact';
import { readCertificates, signModel, verifyingKey, verifyModelSignature } from '@millwright/core/attestation';
import { expect, test } from 'vitest';
import vectors from '../vectors/model-signing.json' with { type: 'json' };
import { ALGORITHMS, newKey } from './keys.js';

const files = Object.fromEntries(Object.entries(vectors.files).map(([path, text]) => [path, encodeUtf8(text)]));

test('a page checks signatures by key, of every curve, and by certificate', async () => {
  const manifest = await describeFiles(files);
  for (const { name, signature, key } of vectors.keyed.filter(
    (each) => each.ok && !('files' in each) && !('acceptV02' in each),
  ))
    expect((await verifyModelSignature(signature, manifest, { keys: [await verifyingKey(key)] })).ok, name).toBe(true);
  for (const { name, signature, authority, ok } of vectors.certified.filter(
    (each) => !('acceptV02' in each) && !('signedAt' in each),
  ))
    expect(
      (await verifyModelSignature(signature, manifest, { authorities: readCertificates(authority) })).ok,
      name,
    ).toBe(ok);
});

test('a page signs, with a private key that cannot leave it', async () => {
  const manifest = await describeFiles(files);
  for (const kind of Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[]) {
    const { signer, verifier } = await newKey(kind);
    const signature = await signModel(manifest, { name: kind, keys: [signer] });
    expect((await verifyModelSignature(signature, manifest, { keys: [verifier] })).ok, kind).toBe(true);
  }
});
