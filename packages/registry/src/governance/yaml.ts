/** What front matter is made of. */
export type YamlValue =
  | string
  | number
  | boolean
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue | undefined };

/**
 * Block-style YAML 1.2 of plain data. Strings are written as JSON strings, which YAML reads as they are, so that `no`,
 * `1e3`, colons and line breaks stay text. Members that are undefined or empty are left out.
 */
export function toYaml(value: { readonly [key: string]: YamlValue | undefined }): string {
  return members(value, '');
}

function members(value: { readonly [key: string]: YamlValue | undefined }, indent: string): string {
  let out = '';
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || isEmpty(member)) continue;
    out += `${indent}${/^[A-Za-z][\w-]*$/.test(key) ? key : JSON.stringify(key)}:`;
    out += typeof member === 'object' ? `\n${block(member, `${indent}  `)}` : ` ${scalar(member)}\n`;
  }
  return out;
}

function block(value: Exclude<YamlValue, string | number | boolean>, indent: string): string {
  if (!Array.isArray(value)) return members(value as { readonly [key: string]: YamlValue }, indent);
  let out = '';
  for (const item of value as readonly YamlValue[]) {
    if (isEmpty(item)) continue;
    const text = typeof item === 'object' ? block(item, `${indent}  `).slice(indent.length + 2) : `${scalar(item)}\n`;
    out += `${indent}- ${text}`;
  }
  return out;
}

function scalar(value: string | number | boolean): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  return typeof value === 'string' && !/^[A-Za-z][\w/-]*$/.test(value) ? JSON.stringify(value) : guarded(value);
}

/** Words that YAML 1.1 readers take for something else. */
function guarded(value: string | boolean): string {
  return typeof value === 'string' && /^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
    ? JSON.stringify(value)
    : String(value);
}

function isEmpty(value: YamlValue): boolean {
  return typeof value === 'object' && Object.keys(value).length === 0;
}
