/**
 * The Markdown that documents here are written in, as HTML: headings, lists, tables, paragraphs, rules and code. It is not a
 * Markdown reader: text of people comes in without any markup of its own (`inline`), with `<` and `>` as entities.
 */
export function toHtml(markdown: string): string {
  return markdown
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .map(blockOf)
    .join('\n');
}

/** A page that stands alone: no script, nothing loaded. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${spans(title)}</title>
<style>${STYLE}</style>
<main>
${body}
</main>
</html>
`;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:52rem;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.25rem .6rem;text-align:left;vertical-align:top}' +
  'td.number,th.number{text-align:right}code{overflow-wrap:anywhere}' +
  '@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}td,th{border-color:#555}}';

function blockOf(block: string): string {
  const lines = block.split('\n');
  const heading = /^(#{1,6}) (.*)$/.exec(lines[0]!);
  if (heading !== null) {
    const level = heading[1]!.length;
    const rest = lines.slice(1).join('\n');
    return `<h${level}>${spans(heading[2]!)}</h${level}>${rest === '' ? '' : `\n${blockOf(rest)}`}`;
  }
  if (lines[0] === '---') return lines.length === 1 ? '<hr>' : `<hr>\n${blockOf(lines.slice(1).join('\n'))}`;
  if (lines[0]!.startsWith('|')) return tableOf(lines);
  if (lines.every((line) => line.startsWith('- ')))
    return `<ul>\n${lines.map((line) => `<li>${spans(line.slice(2))}</li>`).join('\n')}\n</ul>`;
  return `<p>${lines.map(spans).join('\n')}</p>`;
}

function tableOf([head, ruler, ...rows]: readonly string[]): string {
  const numeric = cellsOf(ruler ?? '').map((cell) => cell.endsWith(':'));
  const row = (line: string, tag: 'td' | 'th') =>
    `<tr>${cellsOf(line)
      .map((cell, k) => `<${tag}${numeric[k] ? ' class="number"' : ''}>${spans(cell)}</${tag}>`)
      .join('')}</tr>`;
  const named = cellsOf(head!).some((cell) => cell !== '');
  return `<table>\n${[...(named ? [row(head!, 'th')] : []), ...rows.map((line) => row(line, 'td'))].join('\n')}\n</table>`;
}

/** Between bars that are no text. */
function cellsOf(line: string): readonly string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Code in backticks, a strong beginning, the backslashes of `inline` and `cell` taken away, and nothing that could be markup. */
function spans(text: string): string {
  return text
    .replace(/&(?!lt;|gt;)/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\\([#>|-])/g, '$1')
    .replace(/\\&gt;/g, '&gt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>')
    .replace(/^\*\*([^*]+)\*\*/, '<strong>$1</strong>');
}
