import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatNumber, formatTick, formatTime } from '../../src/html-report/format.js';
import type { NumberFormat } from '../../src/html-report/model.js';
import { useWidth } from './width.js';

export interface Series {
  readonly label: string;
  readonly tone: Tone;
  readonly values: readonly (number | null | undefined)[];
  /** Bounds around the values, drawn as a band. */
  readonly low?: readonly (number | null | undefined)[] | undefined;
  readonly high?: readonly (number | null | undefined)[] | undefined;
  /** Each value holds until the next. */
  readonly stepped?: boolean | undefined;
  readonly dashed?: boolean | undefined;
}

/** Names of the colours of the style sheet. */
type Tone = 'accent' | 'bad' | 'soft' | 'faint';

export interface ChartProps {
  /** What is shown, for those who do not see it; the numbers are in the table below. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format?: NumberFormat | undefined;
  /** A horizontal line that decides. */
  readonly limits?: readonly { readonly y: number; readonly label: string }[] | undefined;
  readonly height?: number | undefined;
  /** The least that the vertical axis shows. */
  readonly range?: readonly [number, number] | undefined;
}

/** Lines over time with bands and limits, and the same as a table. */
export function Chart(props: ChartProps) {
  const { title, times, series, format = 'number', limits = [] } = props;
  const { ref, width } = useWidth();
  const dark = useDark();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const data = useMemo(() => columnsOf(props), [times, series, limits]);
  const shape = `${width} ${dark} ${format} ${series.map(({ label, tone, low }) => `${label}${tone}${low !== undefined}`).join()} ${limits.map(({ label }) => label).join()}`;
  // What changes often is the data: only what the picture is made of makes another picture.
  useEffect(() => {
    if (width === 0 || box.current === null) return;
    const drawn = new uPlot(optionsOf(props, width), data, box.current);
    plot.current = drawn;
    return () => {
      plot.current = undefined;
      drawn.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [data]);
  return (
    <div class="chart">
      <ul class="legend">
        {series.map(({ label, tone, dashed }) => (
          <li key={label}>
            <i class={`key ${tone} ${dashed === true ? 'dash1' : ''}`} />
            {label}
          </li>
        ))}
        {limits.map(({ label }) => (
          <li key={label}>
            <i class="key ink dash2" />
            {label}
          </li>
        ))}
      </ul>
      <div ref={ref} role="img" aria-label={title}>
        <div ref={box} />
      </div>
      <NumbersOf {...props} />
    </div>
  );
}

/** The latest of the numbers, in words. */
function NumbersOf({ title, times, series, format = 'number' }: ChartProps) {
  const [open, setOpen] = useState(false);
  const shown = times
    .map((time, i) => ({ time, i }))
    .slice(-40)
    .reverse();
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The numbers</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
        <section class="scroll" tabIndex={0} aria-label={title}>
          <table>
            <caption class="hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {series.map(({ label }) => (
                  <th key={label} scope="col" class="num">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ time, i }) => (
                <tr key={time}>
                  <th scope="row">{formatTime(time)}</th>
                  {series.map(({ label, values, low, high }) => (
                    <td key={label} class="num">
                      {formatNumber(values[i] ?? undefined, format)}
                      {low?.[i] != null &&
                        ` [${formatNumber(low[i], format)}, ${high?.[i] == null ? '∞' : formatNumber(high[i], format)}]`}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}

/** Times in seconds, then for each series its values, its lower and its upper bounds, then the limits. */
function columnsOf({ times, series, limits = [] }: ChartProps): uPlot.AlignedData {
  const filled = (values: Series['low']) => times.map((_, i) => values?.[i] ?? null);
  return [
    times.map((time) => time / 1_000),
    ...series.flatMap(({ values, low, high }) => [
      filled(values),
      ...(low === undefined ? [] : [filled(low), filled(high)]),
    ]),
    ...limits.map(({ y }) => times.map(() => y)),
  ];
}

function optionsOf(
  { series, format = 'number', limits = [], height = 220, range }: ChartProps,
  width: number,
): uPlot.Options {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  const font = '12px ui-sans-serif, system-ui, sans-serif';
  const bands: uPlot.Band[] = [];
  const lines: uPlot.Series[] = [{}];
  const steps = uPlot.paths.stepped!({ align: 1 });
  for (const { tone, low, stepped, dashed } of series) {
    const stroke = colour(tone);
    const paths = stepped === true ? { paths: steps } : {};
    lines.push({ stroke, width: 2, points: { show: false }, ...(dashed === true ? { dash: [5, 4] } : {}), ...paths });
    if (low === undefined) continue;
    const at = lines.length;
    for (let i = 0; i < 2; i++) lines.push({ stroke, width: 0.7, points: { show: false }, ...paths });
    bands.push({ series: [at + 1, at], fill: `color-mix(in srgb, ${stroke} 18%, transparent)` });
  }
  for (const _ of limits) lines.push({ stroke: colour('ink'), width: 1, dash: [2, 4], points: { show: false } });
  const axis = { stroke: colour('soft'), font, ticks: { show: false } };
  return {
    width,
    height,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), 'Etc/UTC'),
    padding: [8, 44, 0, 0],
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: true, y: false } },
    scales: {
      y: {
        range: (_, low, high) => {
          const [least, most] = [
            Math.min(low ?? 0, range?.[0] ?? low ?? 0),
            Math.max(high ?? 1, range?.[1] ?? high ?? 1),
          ];
          const air = (most - least || 1) * 0.06;
          return [range !== undefined && least >= range[0] ? range[0] : least - air, most + air];
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, ticks) => ticks.map((at) => shortTime(at * 1_000, ticks)),
        space: 90,
        size: 32,
      },
      {
        ...axis,
        grid: { stroke: colour('rule'), width: 1 },
        size: 62,
        values: (_, ticks) => ticks.map((value) => formatTick(value, format)),
      },
    ],
    series: lines,
    bands,
  };
}

/** The day, or within two days the time. */
function shortTime(at: number, ticks: readonly number[]): string {
  const span = (ticks.at(-1)! - ticks[0]!) * 1_000;
  const iso = new Date(at).toISOString();
  return span > 2 * 86_400_000 ? iso.slice(0, 10) : `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
}

function useDark(): boolean {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), []);
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = () => setDark(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, [query]);
  return dark;
}
