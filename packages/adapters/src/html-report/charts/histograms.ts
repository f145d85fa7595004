import { formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { HistogramPair } from '../model.js';
import { shorten } from './bars.js';
import { frame, legend, svg, yAxis } from './frame.js';
import { linear, px, ticks } from './scale.js';
import { sharePair } from './shares.js';

/** Two samples over the same cells: the reference as outline, the current one filled. Named cells are rows. */
export function histogramPair(pair: HistogramPair): Markup {
  const named = pair.edges.length === Math.max(pair.reference.length, pair.current.length);
  return markup`${legend(KEYS)}${named && pair.edges.length > 0 ? sharePair(pair) : binned(pair)}`;
}

const KEYS = [
  { label: 'reference', tone: 'outline' },
  { label: 'current', tone: 'fill' },
];

/** Cells between edges, drawn equally wide. */
function binned({ title, edges, reference, current }: HistogramPair): Markup {
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
  const labels = edges.map((edge, i) => {
    if (i % every !== 0) return undefined;
    const side = i === 0 ? 'start' : i < cells ? 'middle' : 'end';
    const words = typeof edge === 'number' ? formatTick(edge) : shorten(edge, 14);
    return markup`<text class="tick ${side}" x="${px(x(i))}" y="${f.height - 6}">${words}</text>`;
  });
  return svg(f, title, [
    ...yAxis(f, y, ticks([0, top], 3), (v) => formatTick(v, 'share')),
    markup`<path class="fill accent" d="${bars.join('')}"/><path class="line outline" d="${outline.join('')}V${base}"/>`,
    markup`${labels}`,
  ]);
}
