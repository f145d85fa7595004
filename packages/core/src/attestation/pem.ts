import { fromBase64, toBase64 } from '../foundation/bytes.js';
import { invalidInput } from '../foundation/errors.js';

/** The contents of every PEM block with this label (RFC 7468); text around the blocks is ignored. @throws `input/invalid` */
export function readPem(text: string, label: string): readonly Uint8Array[] {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g)];
  const contents = blocks
    .filter((block) => block[1] === label)
    .map((block) => fromBase64(block[2]!.replace(/\s/g, '')));
  if (contents.length === 0 || contents.includes(undefined)) throw invalidInput('pem', `PEM of a ${label}`, text);
  return contents as Uint8Array[];
}

/** PEM with lines of 64 characters and a line feed at the end. */
export function writePem(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
