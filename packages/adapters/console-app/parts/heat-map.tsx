import { formatNumber } from '../../src/html-report/format.js';
import { useWidth } from './width.js';

const ROW = 20;

/** Columns by windows. The select below names the window for those who do not point at it. */
export function HeatMap({
  title,
  columns,
  windows,
  chosen,
  choose,
}: {
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly severities: readonly (number | null)[] }[];
  readonly windows: readonly string[];
  readonly chosen: number;
  choose(window: number): void;
}) {
  const { ref, width } = useWidth();
  const left = Math.min(160, width * 0.34);
  const cell = (width - left) / Math.max(1, windows.length);
  const height = columns.length * ROW;
  const pick = (event: MouseEvent & { readonly currentTarget: SVGSVGElement }) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - left;
    if (x >= 0) choose(Math.min(windows.length - 1, Math.floor(x / cell)));
  };
  return (
    <>
      <ul class="legend">
        {LEVELS.map(({ label }, i) => (
          <li key={label}>
            <i class={`key heat h${i}`} />
            {label}
          </li>
        ))}
      </ul>
      <div ref={ref} class="plot">
        {width > 0 && (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the select below does the same for the keyboard
          <svg width={width} height={height} role="img" aria-label={title} onClick={pick}>
            {columns.map(({ name, severities }, row) => (
              <g key={name}>
                <text class="label" x={0} y={row * ROW + 14}>
                  {name.length > 22 ? `${name.slice(0, 21)}…` : name}
                </text>
                {/* One path per shade: a cell of its own for each of thousands would be slow. */}
                {LEVELS.map((_, level) => (
                  <path key={level} class={`heat h${level}`} d={cells(severities, level, left, cell, row * ROW)} />
                ))}
              </g>
            ))}
            <rect class="chosen" x={left + chosen * cell} y={0} width={Math.max(2, cell)} height={height}>
              <title>{windows[chosen]}</title>
            </rect>
          </svg>
        )}
      </div>
      <p class="hidden">
        {columns.map(({ name, severities }) => `${name}: ${formatNumber(severities[chosen] ?? undefined)}`).join('; ')}
      </p>
    </>
  );
}

/** Shades by how much of the margin is used up. */
const LEVELS = [
  { until: 0, label: 'no change' },
  { until: 0.5, label: 'to half the margin' },
  { until: 1, label: 'to the margin' },
  { until: 2, label: 'to twice the margin' },
  { until: Number.POSITIVE_INFINITY, label: 'beyond' },
] as const;

function cells(severities: readonly (number | null)[], level: number, left: number, cell: number, y: number): string {
  let d = '';
  for (const [i, severity] of severities.entries()) {
    if (severity === null || LEVELS.findIndex(({ until }) => severity <= until) !== level) continue;
    d += `M${(left + i * cell).toFixed(1)} ${y + 1}h${Math.max(0.6, cell - 1).toFixed(1)}v${ROW - 2}h-${Math.max(0.6, cell - 1).toFixed(1)}z`;
  }
  return d;
}
