import { formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { BarChart } from '../model.js';
import { frame, svg } from './frame.js';
import { extent, linear, px } from './scale.js';

const ROW = 26;

/** Horizontal bars from zero, each with its value. */
export function barChart({ title, bars, format = 'number' }: BarChart): Markup {
  const f = frame(bars.length * ROW + 8, { left: 200, right: 90, top: 4, bottom: 4 });
  const [low, high] = extent([0, ...bars.map((b) => b.value)]);
  const x = linear([low, high], [f.left, f.width - f.right]);
  const content = bars.map((bar, i) => {
    const y = f.top + i * ROW;
    const at = x(Number.isFinite(bar.value) ? bar.value : 0);
    const [from, to] = at < x(0) ? [at, x(0)] : [x(0), at];
    return markup`<text class="label end" x="${f.left - 10}" y="${y + 17}">${shorten(bar.label, 28)}</text><rect class="bar ${bar.tone ?? 'accent'}" x="${px(from)}" y="${y + 5}" width="${px(Math.max(to - from, 1))}" height="${ROW - 10}" rx="1.5"/><text class="tick start" x="${px(to + 8)}" y="${y + 17}">${formatTick(bar.value, format)}</text>`;
  });
  return svg(f, title, content);
}

/** Long names lose their middle, where they differ least. */
export function shorten(text: string, length: number): string {
  const letters = Array.from(text);
  if (letters.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  return `${letters.slice(0, head).join('')}…${letters.slice(letters.length - (length - 1 - head)).join('')}`;
}
