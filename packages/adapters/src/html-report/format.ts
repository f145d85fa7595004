import type { Estimate, NumberFormat } from './model.js';

const MINUS = '−';

/** A number as people read it; an en dash where there is none. */
export function formatNumber(value: number | undefined, format: NumberFormat = 'number'): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  switch (format) {
    case 'share':
      return `${plain(100 * value, decimals(100 * value))} %`;
    case 'points':
      return `${value > 0 ? '+' : ''}${plain(100 * value, 2)} pp`;
    case 'integer':
      return plain(value, 0);
    case 'number':
      return plain(value, decimals(value));
    default:
      return format satisfies never;
  }
}

/** A round number on an axis or beside a bar, without zeros that say nothing. */
export function formatTick(value: number, format: NumberFormat = 'number'): string {
  return formatNumber(value, format)
    .replace(/(\.\d*?)0+(?=$| )/, '$1')
    .replace(/\.(?=$| )/, '');
}

/** `+0.42 pp [+0.10, +0.74]` */
export function formatEstimate({ value, low, high }: Estimate, format: NumberFormat = 'number'): string {
  const signed = (v: number | undefined) => {
    const written = formatNumber(v, format);
    return v !== undefined && v > 0 && format !== 'points' ? `+${written}` : written;
  };
  if (low === undefined && high === undefined) return signed(value);
  const unit = format === 'points' ? / pp$/ : / %$/;
  return `${signed(value)} [${signed(low ?? Number.NEGATIVE_INFINITY).replace(unit, '')}, ${signed(high ?? Number.POSITIVE_INFINITY).replace(unit, '')}]`;
}

export function formatDay(time: number): string {
  return iso(time).slice(0, 10);
}

export function formatTime(time: number): string {
  const at = iso(time);
  return at.endsWith('T00:00:00.000Z') ? at.slice(0, 10) : `${at.slice(0, 10)} ${at.slice(11, 16)}`;
}

/** About how long, in the largest unit that fits: `4 min`, `2.5 h`. */
export function formatDuration(ms: number): string {
  const [name, size] = UNITS.find(([, each]) => ms >= 0.99 * each) ?? (['s', 1000] as const);
  return `${formatTick(Number((ms / size).toPrecision(2)))} ${name}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** Day and time under a month's heading: `3 Jan 04:48`. */
export function formatMoment(time: number): string {
  const at = iso(time);
  const day = `${Number(at.slice(8, 10))} ${formatMonth(time).slice(0, 3)}`;
  return at.endsWith('T00:00:00.000Z') ? day : `${day} ${at.slice(11, 16)}`;
}

export function formatMonth(time: number): string {
  const at = iso(time);
  const month = MONTHS[Number(at.slice(5, 7)) - 1];
  return month === undefined ? at : `${month} ${at.slice(0, 4)}`;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** UTC, so that a report reads the same everywhere. A time that is none is shown, not thrown. */
function iso(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : '–';
}

function decimals(value: number): number {
  const size = Math.abs(value);
  if (size === 0 || size >= 1000) return 0;
  if (size >= 100) return 1;
  if (size >= 1) return 2;
  return Math.min(6, 2 - Math.floor(Math.log10(size)));
}

function plain(value: number, places: number): string {
  if (Math.abs(value) >= 1e15) return value.toExponential(2).replace('-', MINUS);
  const fixed = Math.abs(value).toFixed(places);
  const trimmed = places > 2 ? fixed.replace(/0+$/, '').replace(/\.$/, '') : fixed;
  const [whole, fraction] = trimmed.split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const sign = value < 0 && Number(trimmed) !== 0 ? MINUS : '';
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}
