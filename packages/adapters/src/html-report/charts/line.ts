import { formatDay, formatMonth, formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { LineChart, LineSeries } from '../model.js';
import { type Frame, frame, legend, svg, xAxis, yAxis } from './frame.js';
import { extent, linear, padded, px, type Scale, thin, ticks, timeTicks } from './scale.js';

export interface LineOptions {
  readonly height?: number | undefined;
  /** Vertical lines that matter. */
  readonly marks?:
    | readonly { readonly x: number; readonly label: string; readonly tone?: 'accent' | 'bad' | undefined }[]
    | undefined;
  /** The horizontal domain, where several charts share one. */
  readonly domain?: readonly [number, number] | undefined;
}

/** Lines with bands of uncertainty and dashed thresholds. Gaps in the data are gaps in the line. */
export function lineChart(chart: LineChart, options: LineOptions = {}): Markup {
  const { title, format = 'number', thresholds = [], marks = [] } = { ...chart, ...options };
  const f = frame(options.height ?? 220);
  const series = chart.series.map((s) => ({ ...s, points: thin(s.points) }));
  const points = series.flatMap((s) => s.points);
  const xDomain = options.domain ?? extent(points.map((p) => p.x));
  const yDomain = padded(extent([...points.flatMap((p) => [p.y, p.low, p.high]), ...thresholds.map((t) => t.y)]));
  const x = linear(xDomain, [f.left, f.width - f.right]);
  const y = linear(yDomain, [f.height - f.bottom, f.top]);
  const tones = tonesOf(series);
  const content = [
    ...yAxis(f, y, ticks(yDomain), (v) => formatTick(v, format)),
    ...xAxis(f, x, ...horizontal(chart.x ?? 'number', xDomain)),
    ...marks.map((m) => mark(f, x, m)),
    ...series.map((s, i) => band(s, x, y, tones[i]!)),
    ...thresholds.map((t, i) =>
      threshold(
        f,
        y(t.y),
        t.label,
        thresholds.slice(0, i).some((other) => Math.abs(y(other.y) - y(t.y)) < 14),
      ),
    ),
    ...series.map((s, i) => markup`<path class="line ${tones[i]}" d="${path(s.points, x, y)}"/>`),
  ];
  return markup`${legend(series.map((s, i) => ({ label: s.label, tone: tones[i]! })))}${svg(f, title, content)}`;
}

/** Series of one tone are told apart by their dashes. */
export function tonesOf(series: readonly Pick<LineSeries, 'tone'>[]): readonly string[] {
  const used = new Map<string, number>();
  return series.map(({ tone }, i) => {
    const own = tone ?? (i === 0 ? 'accent' : 'muted');
    const before = used.get(own) ?? 0;
    used.set(own, before + 1);
    return before === 0 ? own : `${own} dash${Math.min(before, 2)}`;
  });
}

/** Where the ticks are and how they read. */
export function horizontal(
  kind: 'time' | 'number',
  domain: readonly [number, number],
): [readonly number[], (value: number) => string] {
  if (kind === 'number') return [ticks(domain, 6), (v) => formatTick(v)];
  const months = (domain[1] - domain[0]) / 86_400_000 > 62;
  return [timeTicks(domain), months ? (t) => formatMonth(t).replace(/^(\w{3})\w* (\d{4})$/, '$1 $2') : formatDay];
}

/** A dashed line with its name, at the other end where the name of another would be in the way. */
function threshold(f: Frame, at: number, label: string, crowded: boolean): Markup {
  const [side, x] = crowded ? ['end', f.width - f.right - 4] : ['start', f.left + 4];
  return markup`<path class="threshold" d="M${f.left} ${px(at)}H${f.width - f.right}"/><text class="tick ${side}" x="${x}" y="${px(at - 5)}">${label}</text>`;
}

function mark(f: Frame, x: Scale, m: NonNullable<LineOptions['marks']>[number]): Markup {
  const at = x(m.x);
  const side = at > f.width / 2 ? 'end' : 'start';
  return markup`<path class="event ${m.tone ?? 'accent'}" d="M${px(at)} ${f.top}V${f.height - f.bottom}"/><text class="tick ${side} ${m.tone ?? 'accent'}" x="${px(at + (side === 'end' ? -6 : 6))}" y="${f.top + 8}">${m.label}</text>`;
}

function path(points: LineSeries['points'], x: Scale, y: Scale): string {
  let d = '';
  let pen = false;
  for (const p of points) {
    if (p.y === undefined || !Number.isFinite(p.y)) {
      pen = false;
      continue;
    }
    d += `${pen ? 'L' : 'M'}${px(x(p.x))} ${px(y(p.y))}`;
    // A value between two gaps would be a line of no length.
    if (!pen) d += 'h.1';
    pen = true;
  }
  return d;
}

function band(s: LineSeries, x: Scale, y: Scale, tone: string): Markup {
  const within = s.points.filter((p) => Number.isFinite(p.low) && Number.isFinite(p.high));
  if (within.length < 2) return markup``;
  const upper = within.map((p) => `${px(x(p.x))} ${px(y(p.high!))}`).join('L');
  const lower = within.toReversed().map((p) => `${px(x(p.x))} ${px(y(p.low!))}`);
  return markup`<path class="band ${tone}" d="M${upper}L${lower.join('L')}Z"/>`;
}
