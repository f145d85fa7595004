import { type Markup, markup } from '../markup.js';
import type { Estimate } from '../model.js';
import { linear, px } from './scale.js';

export interface IntervalAxis {
  readonly domain: readonly [number, number];
  readonly margin?: number | undefined;
}

const WIDTH = 260;
const HEIGHT = 22;

/** One row of a forest plot: point and interval around zero, with the margin dashed. The numbers stand beside it as text. */
export function interval({ value, low, high }: Estimate, tone: string, { domain, margin }: IntervalAxis): Markup {
  const x = linear(domain, [4, WIDTH - 4]);
  const clip = (v: number) => x(Math.min(Math.max(v, domain[0]), domain[1]));
  const middle = HEIGHT / 2;
  const zero = markup`<path class="zero" d="M${px(x(0))} 0V${HEIGHT}"/>`;
  const limit = margin !== undefined && markup`<path class="threshold" d="M${px(clip(margin))} 0V${HEIGHT}"/>`;
  const range =
    low !== undefined &&
    high !== undefined &&
    markup`<path class="whisker ${tone}" d="M${px(clip(low))} ${middle}H${px(clip(high))}"/>`;
  const point =
    value !== undefined &&
    Number.isFinite(value) &&
    markup`<circle class="point ${tone}" cx="${px(clip(value))}" cy="${middle}" r="3.6"/>`;
  return markup`<svg class="interval" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">${zero}${limit}${range}${point}</svg>`;
}
