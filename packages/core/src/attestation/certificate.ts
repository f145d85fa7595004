import { decodeUtf8, toHex } from '../foundation/bytes.js';
import { invalidInput } from '../foundation/errors.js';
import { bitsOf, childrenOf, DER, type DerValue, expectTag, readDer } from './der.js';
import { readPem } from './pem.js';

/** What of an X.509 certificate decides whether it may vouch for a signature (RFC 5280). */
export interface Certificate {
  /** The bytes that the issuer signed. */
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** Object identifier of the issuer's algorithm: DER in hexadecimal, as every object identifier here. */
  readonly algorithm: string;
  /** Names are DER in hexadecimal; they are equal when their bytes are. */
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly authority: boolean;
  /** How many authorities may stand between this one and the signer. */
  readonly maxDepth: number;
  readonly usages: ReadonlySet<Usage>;
  /** Critical extensions that are not understood here: such a certificate may not be used. */
  readonly notUnderstood: readonly string[];
}

export type Usage = 'sign' | 'issue';

/** The certificates in a PEM text. @throws `input/invalid` */
export function readCertificates(pem: string): readonly Certificate[] {
  return readPem(pem, 'CERTIFICATE').map(parseCertificate);
}

/** Reads a certificate without trusting it. @throws `input/invalid` */
export function parseCertificate(der: Uint8Array): Certificate {
  const [signedPart, algorithm, signature] = childrenOf(readDer(der, DER.sequence));
  const fields = [...childrenOf(expectTag(signedPart, DER.sequence))];
  // Version and extensions are tagged; a version 1 certificate has neither and can vouch for nothing.
  const version = expectTag(fields.shift(), VERSION_TAG);
  if (toHex(version.content) !== '020102') throw invalidInput('certificate', 'of version 3', 'another version');
  const [, inner, issuer, validity, subject, publicKey] = fields;
  if (toHex(expectTag(inner, DER.sequence).bytes) !== toHex(expectTag(algorithm, DER.sequence).bytes))
    throw invalidInput('certificate', 'one signature algorithm', 'two');
  const [notBefore, notAfter] = childrenOf(expectTag(validity, DER.sequence));
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS_TAG);
  return {
    signedBytes: signedPart!.bytes,
    signature: bitsOf(signature),
    algorithm: toHex(childrenOf(algorithm!)[0]!.bytes),
    issuer: toHex(expectTag(issuer, DER.sequence).bytes),
    subject: toHex(expectTag(subject, DER.sequence).bytes),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    publicKey: expectTag(publicKey, DER.sequence).bytes,
    ...readExtensions(extensions === undefined ? [] : childrenOf(readDer(extensions.content, DER.sequence))),
  };
}

const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const KEY_USAGE = '0603551d0f';
const BASIC_CONSTRAINTS = '0603551d13';
const EXTENDED_KEY_USAGE = '0603551d25';
const CODE_SIGNING = '06082b06010505070303';

function readExtensions(
  extensions: readonly DerValue[],
): Pick<Certificate, 'authority' | 'maxDepth' | 'usages' | 'notUnderstood'> {
  let authority = false;
  let maxDepth = Number.POSITIVE_INFINITY;
  const usages = new Set<Usage>();
  const notUnderstood: string[] = [];
  for (const extension of extensions) {
    const [oid, ...rest] = childrenOf(expectTag(extension, DER.sequence));
    const value = expectTag(rest.at(-1), DER.octetString).content;
    const critical = rest.length === 2 && expectTag(rest[0], DER.boolean).content[0] === 0xff;
    switch (toHex(expectTag(oid, DER.oid).bytes)) {
      case KEY_USAGE: {
        const bits = expectTag(readDer(value), DER.bitString).content[1] ?? 0;
        if ((bits & 0x80) !== 0) usages.add('sign');
        if ((bits & 0x04) !== 0) usages.add('issue');
        break;
      }
      case EXTENDED_KEY_USAGE:
        if (childrenOf(readDer(value, DER.sequence)).some(({ bytes }) => toHex(bytes) === CODE_SIGNING))
          usages.add('sign');
        break;
      case BASIC_CONSTRAINTS: {
        const [isAuthority, depth] = childrenOf(readDer(value, DER.sequence));
        authority = isAuthority?.tag === DER.boolean && isAuthority.content[0] === 0xff;
        if (depth !== undefined)
          maxDepth = expectTag(depth, DER.integer).content.reduce((sum, byte) => sum * 256 + byte, 0);
        break;
      }
      default:
        if (critical) notUnderstood.push(toHex(oid!.bytes));
    }
  }
  return { authority, maxDepth, usages, notUnderstood };
}

/** `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` as milliseconds. */
function timeOf(value: DerValue | undefined): number {
  const text = decodeUtf8(value?.content ?? new Uint8Array());
  const full = value?.tag === UTC_TIME ? `${text < '5' ? '20' : '19'}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full);
  if (match === null || (value?.tag !== UTC_TIME && value?.tag !== GENERALIZED_TIME))
    throw invalidInput('certificate', 'a time of RFC 5280', text);
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
}
