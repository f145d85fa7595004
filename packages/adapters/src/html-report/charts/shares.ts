import { formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { HistogramPair } from '../model.js';
import { shorten } from './bars.js';
import { frame, svg } from './frame.js';
import { linear, px } from './scale.js';

const ROW = 26;

/** Two samples over named cells, one row each: the reference as outline, the current one filled, and both in numbers. */
export function sharePair({ title, edges, reference, current }: HistogramPair): Markup {
  const f = frame(edges.length * ROW + 8, { left: 200, right: 130, top: 4, bottom: 4 });
  const x = linear([0, Math.max(...reference, ...current, 1e-9)], [f.left, f.width - f.right]);
  const rows = edges.map((edge, i) => {
    const [before = 0, now = 0] = [reference[i], current[i]];
    const y = f.top + i * ROW;
    const name = typeof edge === 'number' ? formatTick(edge) : shorten(edge, 28);
    const words = `${formatTick(before, 'share')} → ${formatTick(now, 'share')}`;
    return markup`<text class="label end" x="${f.left - 10}" y="${y + 17}">${name}</text><path class="fill accent" d="M${f.left} ${y + 5}H${px(x(now))}v${ROW - 10}H${f.left}z"/><path class="line outline" d="M${f.left} ${y + 5}H${px(x(before))}v${ROW - 10}H${f.left}z"/><text class="tick start" x="${px(Math.max(x(now), x(before)) + 8)}" y="${y + 17}">${words}</text>`;
  });
  return svg(f, title, rows);
}
