/** Text of people, without a chance to become markup or a heading of its own. */
export function prose(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => inline(paragraph))
    .join('\n\n');
}

/** The same on one line. */
export function inline(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[<>`]/g, (c) => ENTITIES[c]!)
    .replace(/^[#>|-]/, '\\$&');
}

/** The same inside a table. */
export function cell(text: string): string {
  return inline(text).replace(/\|/g, '\\|');
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '`': "'" };

/** A date in UTC. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** One bullet per line. */
export function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
