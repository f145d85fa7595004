/** The members that are not undefined: `{ ...DEFAULTS, ...defined(options) }` keeps defaults where a caller passed undefined. */
export function defined<T extends object>(options: T | undefined): { [K in keyof T]: Exclude<T[K], undefined> } {
  const out: Record<string, unknown> = {};
  for (const key in options) if (options[key] !== undefined) out[key] = options[key];
  return out as { [K in keyof T]: Exclude<T[K], undefined> };
}
