import { MillwrightError } from '@millwright/core';

/**
 * The bytes of a body, no more than `limit`: a declared length that is larger is refused unread, and a body without one
 * (or with a lying one, or one that inflates) as soon as it has become too long.
 *
 * @throws `input/too-large`
 */
export async function readBody(
  source: { readonly body: ReadableStream<Uint8Array> | null; readonly headers: Headers },
  limit: number,
): Promise<Uint8Array> {
  const declared = Number(source.headers.get('content-length') ?? 0);
  if (declared > limit) {
    await source.body?.cancel().catch(() => undefined);
    throw tooLarge(limit, declared);
  }
  if (source.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = source.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(limit, length);
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** Default of the longest body that is read, in bytes. */
export const MAX_BODY_BYTES = 64 * 2 ** 20;

function tooLarge(limit: number, received: number): MillwrightError<'input/too-large'> {
  return new MillwrightError('input/too-large', `The body has more than ${limit} bytes.`, {
    details: { name: 'body', limit, received },
  });
}
