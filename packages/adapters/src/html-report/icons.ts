import { type Markup, markup } from './markup.js';
import type { EntryKind } from './model.js';

/** Drawn on 16 by 16 with a stroke of the text's colour, so that they print and invert with it. */
const SHAPES: Readonly<Record<EntryKind, Markup>> = {
  data: markup`<ellipse cx="8" cy="4" rx="5" ry="2"/><path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"/>`,
  run: markup`<path d="M5 3l8 5-8 5z"/>`,
  model: markup`<path d="M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6"/>`,
  evaluation: markup`<path d="M3 13V9M8 13V3M13 13V6"/>`,
  gate: markup`<path d="M8 2l6 6-6 6-6-6z"/>`,
  approval: markup`<path d="M3 8.5l3.5 3.5L13 4.5"/>`,
  rollout: markup`<path d="M2 13h3v-3h3V7h3V4h3"/>`,
  promotion: markup`<path d="M8 13V3M4 7l4-4 4 4"/>`,
  rollback: markup`<path d="M3 6h7a3.5 3.5 0 010 7H7M6 3L3 6l3 3"/>`,
  drift: markup`<path d="M2 8c2-5 4-5 6 0s4 5 6 0"/>`,
  review: markup`<circle cx="8" cy="5" r="2.6"/><path d="M3 14c0-3 2-5 5-5s5 2 5 5"/>`,
  note: markup`<circle cx="8" cy="8" r="2"/>`,
};

/** The sort of an entry as an icon with its name. */
export function icon(kind: EntryKind): Markup {
  const shape = Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : SHAPES.note;
  return markup`<svg class="icon" viewBox="0 0 16 16" role="img"><title>${kind}</title>${shape}</svg>`;
}
