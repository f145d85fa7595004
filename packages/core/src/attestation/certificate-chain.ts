import type { Certificate } from './certificate.js';
import { type SignatureHash, verifyingKey } from './key.js';

/**
 * Why the signer's certificate is not to be trusted, or undefined when it is: one of the authorities issued it, or issued
 * who issued it. Checked are signatures, names, validity at the given time, and what each certificate may be used for.
 * Certificates that constrain names or policies critically are refused; revocation is not looked up.
 * @param chain the signer's certificate and, in any order, those between it and an authority
 * @param at milliseconds since 1970
 */
export async function distrust(
  chain: readonly Certificate[],
  authorities: readonly Certificate[],
  at: number,
): Promise<string | undefined> {
  let [current, ...between] = chain;
  if (current === undefined) return 'it has no certificate';
  if (!current.usages.has('sign')) return "the signer's certificate is not for signing";
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const wrong = unfit(current, at);
    if (wrong !== undefined) return wrong;
    const authority = await issuerOf(current, authorities, depth);
    if (authority !== undefined) return unfit(authority, at);
    const issuer = await issuerOf(current, between, depth);
    if (issuer === undefined) return 'no trusted authority issued its certificate';
    between = between.filter((each) => each !== issuer);
    current = issuer;
  }
  return 'its chain of certificates is too long';
}

const MAX_DEPTH = 8;

function unfit({ notBefore, notAfter, notUnderstood }: Certificate, at: number): string | undefined {
  if (notUnderstood.length > 0) return `a certificate has critical extensions that are not understood`;
  return at >= notBefore && at <= notAfter ? undefined : 'a certificate was not valid at the time';
}

/** The candidate that may issue, is called as the certificate says, and signed it. */
async function issuerOf(
  issued: Certificate,
  candidates: readonly Certificate[],
  depth: number,
): Promise<Certificate | undefined> {
  for (const candidate of candidates) {
    const { subject, authority, usages, maxDepth } = candidate;
    if (subject !== issued.issuer || !authority || !usages.has('issue') || maxDepth < depth) continue;
    if (await signedBy(candidate.publicKey, issued)) return candidate;
  }
  return undefined;
}

type IssuerAlgorithm = { readonly kind: 'ecdsa' | 'rsa' | 'ed25519'; readonly hash: SignatureHash };

/** By object identifier: ecdsa-with-SHA2, RSA PKCS #1 1.5 with SHA-2, Ed25519. Nothing else is allowed. */
const ALGORITHMS: Readonly<Record<string, IssuerAlgorithm>> = {
  '06082a8648ce3d040302': { kind: 'ecdsa', hash: 'SHA-256' },
  '06082a8648ce3d040303': { kind: 'ecdsa', hash: 'SHA-384' },
  '06082a8648ce3d040304': { kind: 'ecdsa', hash: 'SHA-512' },
  '06092a864886f70d01010b': { kind: 'rsa', hash: 'SHA-256' },
  '06092a864886f70d01010c': { kind: 'rsa', hash: 'SHA-384' },
  '06092a864886f70d01010d': { kind: 'rsa', hash: 'SHA-512' },
  '06032b6570': { kind: 'ed25519', hash: 'SHA-512' },
};

async function signedBy(publicKey: Uint8Array, { algorithm, signature, signedBytes }: Certificate): Promise<boolean> {
  const known = ALGORITHMS[algorithm];
  if (known === undefined) return false;
  const { kind, hash } = known;
  try {
    if (kind !== 'rsa') return await (await verifyingKey(publicKey, { hash })).verify(signedBytes, signature);
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash };
    const key = await crypto.subtle.importKey('spki', publicKey as BufferSource, rsa, false, ['verify']);
    return await crypto.subtle.verify(rsa, key, signature as BufferSource, signedBytes as BufferSource);
  } catch {
    // A key of another kind than the algorithm asks for.
    return false;
  }
}
