/** Entries one after the other, each after its length in two bytes, big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + LENGTH_BYTES + entry.byteLength, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    view.setUint16(at, entry.byteLength);
    bytes.set(entry, at + LENGTH_BYTES);
    at += LENGTH_BYTES + entry.byteLength;
  }
  return bytes;
}

/** The entries of a bundle, or undefined when it ends in the middle of one. */
export function decodeBundle(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const start = at + LENGTH_BYTES;
    if (start > bytes.byteLength) return undefined;
    at = start + view.getUint16(at);
    if (at > bytes.byteLength) return undefined;
    entries.push(bytes.subarray(start, at));
  }
  return entries;
}

const LENGTH_BYTES = 2;
