import { decodeUtf8 } from '../foundation/bytes.js';
import { isRecord } from '../foundation/record.js';

/** Payload type of a DSSE envelope that holds an in-toto statement. */
export const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json';
/** The `_type` of an in-toto statement. */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** An in-toto statement: subjects by digest and a predicate about them. It is signed in a DSSE envelope. */
export interface InTotoStatement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: Readonly<Record<string, unknown>>;
}

/** Reads a statement without trusting it; undefined when it is none, or a subject has no SHA-256. */
export function parseStatement(payload: Uint8Array): InTotoStatement | undefined {
  try {
    const value = JSON.parse(decodeUtf8(payload)) as InTotoStatement;
    const { _type, subject, predicateType, predicate } = value;
    if (_type !== STATEMENT_TYPE || typeof predicateType !== 'string' || !isRecord(predicate)) return undefined;
    const named = subject.every(({ name, digest }) => typeof name === 'string' && isSha256(digest.sha256));
    return named ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isSha256(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
