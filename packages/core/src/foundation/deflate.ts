/** Compresses bytes (RFC 1951, no header). The same bytes need not come out of every platform; they inflate to the same. */
export async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The bytes that were compressed; undefined when they are no deflate stream or more than `limit` bytes would come out. */
export async function inflate(bytes: Uint8Array, limit: number): Promise<Uint8Array | undefined> {
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const out: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      // Leaving the loop cancels the stream: a bomb is not unpacked.
      if (size > limit) return undefined;
      out.push(chunk);
    }
  } catch {
    return undefined;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of out) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
