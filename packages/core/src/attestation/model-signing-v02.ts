import { encodeUtf8 } from '../foundation/bytes.js';

/** Predicate of model-signing 0.2: every file is a subject, and the predicate says nothing. */
export const DIGESTS_V02_TYPE = 'https://model_signing/Digests/v0.1';

/**
 * What signatures of model-signing 0.2 are over, always with SHA-256: by mistake the payload went in as Python prints bytes.
 * It cannot be taken for the DSSE encoding, which begins with `DSSEv1`.
 */
export function preAuthEncodeV02(payloadType: string, payload: Uint8Array): Uint8Array {
  let printed = '';
  for (const byte of payload) printed += PRINTED[byte];
  return encodeUtf8(`DSSEV1 ${payloadType.length} ${payloadType} ${payload.byteLength} b'${printed}'`);
}

// A payload is JSON and so holds double quotes; Python then prints bytes in single ones.
const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', "'": "\\'", '\\': '\\\\' };
const PRINTED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  const plain = byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  return ESCAPES[character] ?? plain;
});
