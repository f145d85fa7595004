/**
 * JSON for callers. What JSON would lose is written as text or as a list: NaN and infinities as `"NaN"`, `"Infinity"`,
 * big integers as digits, typed arrays as arrays, maps as objects.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'number') return Number.isFinite(member) ? member : String(member);
    if (typeof member === 'bigint') return String(member);
    if (member instanceof Map) return Object.fromEntries(member);
    if (ArrayBuffer.isView(member) && !(member instanceof DataView))
      return Array.from<number | bigint>(member as Uint8Array);
    return member;
  });
}

/** An answer that no cache keeps: what it says may change with the next entry of the ledger. */
export function jsonResponse(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(jsonText(value), {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  });
}
