import { fromBase64, toBase64 } from '../foundation/bytes.js';
import { invalidInput } from '../foundation/errors.js';
import { HASH_BYTES } from './merkle-hash.js';

/** What a C2SP tlog-checkpoint says: this log, at this size, has this root. */
export interface TreeHead {
  /** Which log: a URL without scheme, by custom. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text that is signed: origin, decimal size, base64 root. */
export function formatTreeHead({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads a checkpoint text; lines after the third are extensions and ignored. Undefined when it is none. */
export function parseTreeHead(text: string): TreeHead | undefined {
  const [origin = '', digits = '', base64 = ''] = text.split('\n');
  const root = fromBase64(base64);
  const size = Number(digits);
  if (origin === '' || root?.length !== HASH_BYTES) return undefined;
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(digits) || !Number.isSafeInteger(size)) return undefined;
  return { origin, size, root };
}

/** The head that a signed note is about. Its signatures are not checked. @throws `input/invalid` */
export function headOf(checkpoint: string): TreeHead {
  const head = parseTreeHead(checkpoint.slice(0, checkpoint.lastIndexOf('\n\n') + 1));
  if (head === undefined) throw invalidInput('checkpoint', 'a signed tree head', checkpoint);
  return head;
}
