import vectors from '../vectors/streaming.json' with { type: 'json' };

const bytesOf = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/** A stream of the vectors: 20,000 errors (bits), or numbers (millionths). */
export function stream(name: string): Float64Array {
  const bits = (vectors.bits as Record<string, string>)[name];
  if (bits === undefined) {
    const view = new DataView(bytesOf((vectors.micro as Record<string, string>)[name]!).buffer);
    return Float64Array.from({ length: 20_000 }, (_, i) => view.getInt32(4 * i, true) / 1e6);
  }
  const bytes = bytesOf(bits);
  return Float64Array.from({ length: 20_000 }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
}
