import { formatTick } from '../format.js';
import { type Markup, markup } from '../markup.js';
import { frame, svg, xAxis, yAxis } from './frame.js';
import { horizontal, type LineOptions } from './line.js';
import { extent, linear, px } from './scale.js';

export interface Step {
  readonly time: number;
  readonly share: number;
  readonly stage?: string | undefined;
}

/** A share over time that holds from each point to the next: the area under it is the traffic that was risked. */
export function stepChart(title: string, steps: readonly Step[], options: LineOptions = {}): Markup {
  const f = frame(options.height ?? 150);
  const domain = options.domain ?? extent(steps.map((s) => s.time));
  const top = Math.max(0.05, ...steps.map((s) => s.share));
  const x = linear(domain, [f.left, f.width - f.right]);
  const y = linear([0, top * 1.12], [f.height - f.bottom, f.top]);
  let d = '';
  const labels: Markup[] = [];
  for (const [i, step] of steps.entries()) {
    const from = x(step.time);
    const to = x(steps[i + 1]?.time ?? domain[1]);
    d += `${i === 0 ? 'M' : 'L'}${px(from)} ${px(y(step.share))}H${px(to)}`;
    if (step.stage !== undefined && to - from > 30)
      labels.push(
        markup`<text class="tick start strong" x="${px(from + 4)}" y="${px(y(step.share) - 6)}">${step.stage}</text>`,
      );
  }
  const base = px(y(0));
  const area = steps.length === 0 ? '' : `${d}V${base}H${px(x(steps[0]!.time))}Z`;
  const values = top <= 0.06 ? [0, top] : [0, 0.25, 0.5, 0.75, 1].filter((v) => v <= top * 1.1);
  const marks = (options.marks ?? []).map(
    (m) => markup`<path class="event ${m.tone ?? 'accent'}" d="M${px(x(m.x))} ${f.top}V${base}"/>`,
  );
  return svg(f, title, [
    ...yAxis(f, y, values, (v) => formatTick(v, 'share')),
    ...xAxis(f, x, ...horizontal('time', domain)),
    markup`<path class="band accent" d="${area}"/><path class="line accent" d="${d}"/>`,
    ...marks,
    ...labels,
  ]);
}
