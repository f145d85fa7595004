import { invalidInput } from '@millwright/core';

/** A share as people write it: `'5%'`, or a fraction between 0 and 1. */
export type ShareText = `${number}%` | number;
/** A time as people write it: `'15m'`, `'24h'`, `'14d'`, or milliseconds. */
export type DurationText = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | number;

/** The fraction that a share means. @throws `input/invalid` */
export function parseShare(input: ShareText, name = 'share'): number {
  const text = typeof input === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(input) : null;
  const share = typeof input === 'number' ? input : Number(text?.[1] ?? Number.NaN) / 100;
  if (!(share >= 0 && share <= 1)) throw invalidInput(name, "a fraction between 0 and 1, or text like '5%'", input);
  return share;
}

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds. @throws `input/invalid` */
export function parseDuration(input: DurationText, name = 'duration'): number {
  const text = typeof input === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(input) : null;
  const ms =
    typeof input === 'number' ? input : Number(text?.[1] ?? Number.NaN) * MS[(text?.[2] ?? 'ms') as keyof typeof MS];
  if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER))
    throw invalidInput(name, "milliseconds, or text like '15m', '24h', '14d'", input);
  return ms;
}

/** `5 %`, `0.25 %` */
export function showShare(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** `3 days`, `5 hours`, `40 seconds` */
export function showDuration(ms: number): string {
  for (const [unit, size] of [
    ['day', MS.d],
    ['hour', MS.h],
    ['minute', MS.m],
    ['second', MS.s],
  ] as const) {
    const amount = ms / size;
    if (amount >= 1.95 || (amount >= 1 && (Number.isInteger(amount) || unit === 'second'))) {
      const shown = Number(amount.toFixed(amount < 10 ? 1 : 0));
      return `${shown} ${unit}${shown === 1 ? '' : 's'}`;
    }
  }
  return `${Math.round(ms)} ms`;
}
