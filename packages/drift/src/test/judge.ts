import { invalidInput } from '@millwright/core';
import { show, showP, showShare } from '../show.js';
import type { TestOptions, TestPart, TestResult } from './types.js';

/** What a test has found, before it is judged. */
export interface Finding {
  readonly test: string;
  readonly method: string;
  readonly statistic: number;
  readonly pValue: number | undefined;
  readonly logPValue?: number | undefined;
  readonly effect: number;
  readonly measure: string;
  readonly rows: { readonly reference: number; readonly current: number };
  /** Rows that each side would need for the wanted power at the margin when the other side stays as it is. */
  readonly needed: number;
  readonly parts?: readonly TestPart[] | undefined;
}

export interface JudgeOptions extends TestOptions {
  readonly alpha: number;
  readonly margin: number;
}

const DEFAULT_ALPHA = 0.05;
const DEFAULT_POWER = 0.8;

/**
 * Drift is a difference that is both beyond chance (p ≤ α) and of practical size (effect ≥ margin). Without it the
 * verdict is `noDrift` only when the rows would have shown such a difference.
 */
export function judge(finding: Finding, options: JudgeOptions): TestResult {
  const { alpha, margin } = options;
  const { pValue, effect, rows, needed } = finding;
  const significant = pValue !== undefined && pValue <= alpha;
  const missing = Math.max(0, Math.ceil(needed) - Math.min(rows.reference, rows.current));
  const answered = pValue !== undefined && !Number.isNaN(effect);
  const verdict =
    answered && significant && effect >= margin ? 'drift' : answered && missing === 0 ? 'noDrift' : 'insufficient';
  const result = {
    ...finding,
    verdict,
    logPValue: finding.logPValue ?? (pValue === undefined ? undefined : Math.log(pValue)),
    margin,
    alpha,
    parts: finding.parts ?? [],
    need:
      verdict === 'insufficient' ? { rows: Number.isFinite(missing) ? Math.max(1, missing) : undefined } : undefined,
  } as const;
  return { ...result, sentence: sentenceOf(result) };
}

/** α between 0 and 1, margin and power in range. @throws `input/invalid` */
export function checkOptions(options: TestOptions, margin: number): JudgeOptions & { readonly power: number } {
  const alpha = options.alpha ?? DEFAULT_ALPHA;
  const power = options.power ?? DEFAULT_POWER;
  const chosen = options.margin ?? margin;
  if (!(alpha > 0 && alpha < 1)) throw invalidInput('alpha', 'a number between 0 and 1', options.alpha);
  if (!(power > 0 && power < 1)) throw invalidInput('power', 'a number between 0 and 1', options.power);
  if (!(chosen >= 0)) throw invalidInput('margin', 'a number of 0 or more', options.margin);
  return { alpha, power, margin: chosen };
}

function sentenceOf(result: Omit<TestResult, 'sentence'>): string {
  const { effect, measure, margin, pValue, rows, parts, need } = result;
  const size = `${capital(measure)} ${show(effect)} (margin ${show(margin)}, ${showP(pValue)})`;
  const part = parts[0];
  const where =
    part === undefined
      ? ''
      : `, mostly ${part.label}: ${showShare(part.reference)} before, ${showShare(part.current)} now`;
  switch (result.verdict) {
    case 'drift':
      return `${size}${where}.`;
    case 'noDrift':
      return `${size}: no difference that matters in ${rows.current} rows.`;
    case 'insufficient':
      return `${rows.current} rows against ${rows.reference} cannot tell${need?.rows === undefined ? '' : `; ${need.rows} more are needed`}. ${size}.`;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
