import { type Node, parsePattern } from '@millwright/core/validation/engine';

/**
 * A pattern for DuckDB's engine (RE2), written out so that it means the same: every class as ranges of code points, and
 * anchors that are those of the text. Each look-ahead is a pattern of its own.
 */
export function patternsOf(source: string, flags: string): { readonly pattern: string; readonly wanted: boolean }[] {
  const tree = parsePattern(source, flags.includes('i'));
  const ahead: { pattern: string; wanted: boolean }[] = [];
  const write = (node: Node): string => {
    switch (node.kind) {
      case 'set':
        return classOf(node.ranges);
      case 'sequence':
        return node.parts.map((part) => (part.kind === 'choice' ? `(?:${write(part)})` : write(part))).join('');
      case 'choice':
        return `(?:${node.parts.map(write).join('|')})`;
      case 'repeat':
        return `(?:${write(node.node)}){${node.min},${Number.isFinite(node.max) ? node.max : ''}}`;
      case 'start':
        return '\\A';
      case 'end':
        return '\\z';
      case 'ahead':
        ahead.push({ pattern: `\\A(?:${write(node.node)})`, wanted: !node.negative });
        return '';
      default:
        return node satisfies never;
    }
  };
  const pattern = write(tree);
  return [{ pattern, wanted: true }, ...ahead];
}

function classOf(ranges: readonly number[]): string {
  if (ranges.length === 0) return '[^\\x{0}-\\x{10FFFF}]';
  let out = '';
  for (let i = 0; i < ranges.length; i += 2)
    out += `\\x{${ranges[i]!.toString(16)}}-\\x{${ranges[i + 1]!.toString(16)}}`;
  return `[${out}]`;
}
