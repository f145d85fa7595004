import { type Markup, markup } from '../markup.js';
import { px, type Scale } from './scale.js';

/** The page's measure: charts are drawn this wide and scale down to `.chart`'s least width, then scroll. */
export const WIDTH = 880;

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function frame(height: number, margins: Partial<Omit<Frame, 'height'>> = {}): Frame {
  return { width: WIDTH, height, left: 56, right: 16, top: 14, bottom: 26, ...margins };
}

/**
 * An image with a title that assistive technology reads. It scales down with the page to the least width that is legible
 * (the style sheet's), and scrolls sideways below it. What is drawn wider than the page keeps its size, scrolls, and
 * stands out on both sides of the text where the window has room.
 */
export function svg(
  { width, height }: Pick<Frame, 'width' | 'height'>,
  title: string,
  content: Markup | readonly Markup[],
): Markup {
  const size = width > WIDTH ? 'wide' : width < WIDTH ? 'small' : 'fluid';
  return markup`<div class="chart ${size}" tabindex="0" role="group" aria-label="${title}"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${title}</title>${content}</svg></div>`;
}

/** Horizontal lines with their values. */
export function yAxis(
  f: Frame,
  y: Scale,
  values: readonly number[],
  label: (value: number) => string,
): readonly Markup[] {
  return values.map((value) => {
    const at = px(y(value));
    return markup`<path class="grid" d="M${f.left} ${at}H${f.width - f.right}"/><text class="tick end" x="${f.left - 8}" y="${px(y(value) + 4)}">${label(value)}</text>`;
  });
}

/** Values below the plot. Labels at the edges are turned inwards, so that nothing is cut. */
export function xAxis(
  f: Frame,
  x: Scale,
  values: readonly number[],
  label: (value: number) => string,
): readonly Markup[] {
  return values.map((value) => {
    const at = x(value);
    const side = at < f.left + 24 ? 'start' : at > f.width - f.right - 24 ? 'end' : 'middle';
    return markup`<path class="mark" d="M${px(at)} ${f.height - f.bottom}v4"/><text class="tick ${side}" x="${px(at)}" y="${f.height - 6}">${label(value)}</text>`;
  });
}

/** What the colours mean, above the chart and outside the image, so that it wraps. */
export function legend(entries: readonly { readonly label: string; readonly tone: string }[]): Markup {
  if (entries.length < 2) return markup``;
  return markup`<ul class="legend">${entries.map(({ label, tone }) => markup`<li><i class="key ${tone}"></i>${label}</li>`)}</ul>`;
}
