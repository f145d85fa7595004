import { type SigningKey, signingKey, type VerifyingKey, verifyingKey } from '@millwright/core/attestation';

export const ALGORITHMS = {
  Ed25519: 'Ed25519',
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521' },
} as const;

export interface KeyPair {
  readonly signer: SigningKey;
  readonly verifier: VerifyingKey;
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly pair: CryptoKeyPair;
}

export async function newKey(kind: keyof typeof ALGORITHMS): Promise<KeyPair> {
  const pair = (await crypto.subtle.generateKey(ALGORITHMS[kind], false, ['sign', 'verify'])) as CryptoKeyPair;
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  return { pair, spki, signer: await signingKey(pair), verifier: await verifyingKey(pair.publicKey) };
}
