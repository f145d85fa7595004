import { formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import type { CalibrationCurve } from '../model.js';
import { frame, legend, svg, xAxis, yAxis } from './frame.js';
import { tonesOf } from './line.js';
import { linear, px } from './scale.js';

const HEIGHT = 380;
/** Of the height, for the bars that say how many rows a bin has. */
const ROWS = 56;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/**
 * Said probability against the share that came true: on the diagonal a model means what it says. The bars below are the
 * rows of the first curve's bins.
 */
export function reliabilityChart(title: string, curves: readonly CalibrationCurve[]): Markup {
  const f = frame(HEIGHT, { left: 56, right: 16, bottom: 26 + ROWS });
  const x = linear([0, 1], [f.left, f.width - f.right]);
  const y = linear([0, 1], [f.height - f.bottom, f.top]);
  const tones = tonesOf(curves);
  const percent = (value: number) => formatTick(value, 'share');
  const content = [
    ...yAxis(f, y, TICKS, percent),
    ...xAxis({ ...f, bottom: 26 }, x, TICKS, percent),
    markup`<path class="threshold" d="M${px(x(0))} ${px(y(0))}L${px(x(1))} ${px(y(1))}"/>`,
    ...rowBars(curves[0]?.bins ?? [], x, f.height - 26),
    ...curves.map(({ bins }, i) => {
      const whiskers = bins.map(
        ({ said, share: { low = 0, high = 1 } }) => `M${px(x(said))} ${px(y(low))}V${px(y(high))}`,
      );
      const points = bins.filter(({ share }) => share.value !== undefined);
      const line = points.map(({ said, share }) => `${px(x(said))} ${px(y(share.value!))}`).join('L');
      const dots = points.map(
        ({ said, share }) =>
          markup`<circle class="point ${tones[i]}" cx="${px(x(said))}" cy="${px(y(share.value!))}" r="3.4"/>`,
      );
      return markup`<path class="range ${tones[i]}" d="${whiskers.join('')}"/><path class="line ${tones[i]}" d="${line && `M${line}`}"/>${dots}`;
    }),
  ];
  return markup`${legend(curves.map(({ label }, i) => ({ label, tone: tones[i]! })))}${svg(f, title, content)}`;
}

function rowBars(bins: CalibrationCurve['bins'], x: (value: number) => number, base: number): readonly Markup[] {
  const most = Math.max(1, ...bins.map(({ rows }) => rows));
  return bins.map(({ said, rows }) => {
    const height = ((ROWS - 14) * rows) / most;
    return markup`<rect class="bar muted" x="${px(x(said) - 7)}" y="${px(base - height)}" width="14" height="${px(height)}"/>`;
  });
}
