import type { Group, SliceGroup } from '../compare/report.js';
import type { Metric } from '../metrics/catalogue.js';

/** `92.1 %` for shares, four significant digits otherwise. */
export function showValue({ unit }: Pick<Metric, 'unit'>, value: number): string {
  return unit === 'share' ? `${(100 * value).toFixed(1)} %` : showNumber(value);
}

/** `2.1 points` for shares, the plain amount otherwise; without a sign. */
export function showAmount({ unit }: Pick<Metric, 'unit'>, value: number): string {
  return unit === 'share' ? `${(100 * Math.abs(value)).toFixed(1)} points` : showNumber(Math.abs(value));
}

/** `12,345` */
export function showCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `overall`, or `origin = SFO`. */
export function showPlace(group: Group): string {
  return isSlice(group) ? `${group.slice} = ${group.value}` : 'overall';
}

/** How rarely chance alone would show this: `less than once in 10,000 times`. */
export function showChance(p: number): string {
  if (!(p > 0) || p < 1e-6) return 'less than once in a million times';
  if (p > 0.4) return 'about every second time';
  const times = 1 / p;
  const digits = 10 ** Math.floor(Math.log10(times));
  return `about once in ${showCount(times < 10 ? Math.round(times) : Math.floor((times / digits) * 10) * (digits / 10))} times`;
}

export function isSlice(group: Group): group is SliceGroup {
  return 'slice' in group;
}

function showNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(4)));
}
