import type { Digest } from '@millwright/core';
import * as z from 'zod/mini';
import { MAX_TEXT, MAX_WORD } from './text.js';

/** Members of events that every room has. A payload that does not parse is a no-op for the fold. */
export const word = z.string().check(z.minLength(1), z.maxLength(MAX_WORD));
export const text = z.string().check(z.maxLength(MAX_TEXT));
export const words = z.record(word, text);
export const digest = z.custom<Digest>((value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value));
/** JSON that the fold takes as it is. */
export const json = z.record(z.string(), z.unknown());
