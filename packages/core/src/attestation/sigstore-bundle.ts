import { isRecord } from '../foundation/record.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { fromAnyBase64 } from './dsse.js';

/** What a `model.sig` holds (Sigstore bundle 0.3, as JSON): an envelope, and perhaps the signer's certificates. */
export interface SignatureBundle {
  readonly envelope: unknown;
  /** The signer's first. */
  readonly certificates: readonly Certificate[];
}

/** A manifest of a hundred thousand files, signed, fits. */
const MAX_BUNDLE_CHARACTERS = 64 * 1_048_576;
const MAX_CERTIFICATES = 8;

/** Reads a bundle without trusting it; undefined when it is none. A key that lies in it is never looked at. */
export function parseBundle(text: string): SignatureBundle | undefined {
  if (text.length > MAX_BUNDLE_CHARACTERS) return undefined;
  try {
    const { dsseEnvelope, verificationMaterial } = JSON.parse(text);
    if (!isRecord(dsseEnvelope) || !isRecord(verificationMaterial)) return undefined;
    const { certificate, x509CertificateChain } = verificationMaterial;
    const listed = isRecord(x509CertificateChain) ? x509CertificateChain['certificates'] : certificate && [certificate];
    if (listed === undefined) return { envelope: dsseEnvelope, certificates: [] };
    if (!Array.isArray(listed) || listed.length > MAX_CERTIFICATES) return undefined;
    const certificates = listed.map(({ rawBytes }) => parseCertificate(fromAnyBase64(rawBytes)!));
    return { envelope: dsseEnvelope, certificates };
  } catch {
    return undefined;
  }
}
