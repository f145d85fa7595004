import { formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { HistogramPair } from '../model.js';
import { frame, legend, svg, yAxis } from './frame.js';
import { linear, px, ticks } from './scale.js';

/** Two samples over the same cells: the reference as outline, the current one filled. Cells are drawn equally wide. */
export function histogramPair({ title, edges, reference, current }: HistogramPair): Markup {
  const f = frame(170);
  const cells = Math.max(reference.length, current.length, 1);
  const top = Math.max(...reference, ...current, 1e-9);
  const x = linear([0, cells], [f.left, f.width - f.right]);
  const y = linear([0, top * 1.08], [f.height - f.bottom, f.top]);
  const base = px(y(0));
  const bars = current.map((share, i) => `M${px(x(i) + 1)} ${base}V${px(y(share))}H${px(x(i + 1) - 1)}V${base}Z`);
  const outline = reference.map(
    (share, i) => `${i === 0 ? `M${px(x(0))} ${base}` : ''}V${px(y(share))}H${px(x(i + 1))}`,
  );
  const every = Math.max(1, Math.ceil(edges.length / 9));
  const isCategory = edges.length === cells;
  const labels = edges.map((edge, i) => {
    if (i % every !== 0) return undefined;
    const side = isCategory || (i > 0 && i < cells) ? 'middle' : i === 0 ? 'start' : 'end';
    const words = typeof edge === 'number' ? formatTick(edge) : edge.slice(0, 14);
    return markup`<text class="tick ${side}" x="${px(x(isCategory ? i + 0.5 : i))}" y="${f.height - 6}">${words}</text>`;
  });
  const keys = [
    { label: 'reference', tone: 'outline' },
    { label: 'current', tone: 'fill' },
  ];
  return markup`${legend(keys)}${svg(f, title, [
    ...yAxis(f, y, ticks([0, top], 3), (v) => formatTick(v, 'share')),
    markup`<path class="fill accent" d="${bars.join('')}"/><path class="line outline" d="${outline.join('')}V${base}"/>`,
    markup`${labels}`,
  ])}`;
}
