import { invalidInput } from '@millwright/core';
import * as z from 'zod/mini';

/**
 * A number as it stands in an event. What JSON cannot carry (NaN, infinities, integers beyond 2^53 - 1) is written as
 * text: a run whose loss is NaN is logged as it is.
 */
export type Figure = number | string;

export const figureSchema = z.custom<Figure>(
  (value) => Number.isFinite(value) || (typeof value === 'string' && FIGURE.test(value)),
);
const FIGURE = /^(?:NaN|-?Infinity|-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)$/;

/** @throws `input/invalid` when the value is not a number */
export function toFigure(value: number, name: string): Figure {
  if (typeof value !== 'number') throw invalidInput(name, 'a number', value);
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value : String(value);
}

export function fromFigure(figure: Figure): number {
  return Number(figure);
}
