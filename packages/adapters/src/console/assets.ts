import { digestBytes, hexOf } from '@millwright/core';
import { consoleApp } from '#console-app';

/** What the page loads, by names that change with what is in them. */
export interface Assets {
  readonly script: string;
  readonly style: string;
  readonly icon: string;
  readonly files: ReadonlyMap<string, { readonly type: string; readonly text: string }>;
}

export async function loadAssets(): Promise<Assets> {
  const { script, style } = await consoleApp();
  const names = { script: named(script, 'js'), style: named(style, 'css'), icon: named(ICON, 'svg') };
  return {
    ...names,
    files: new Map([
      [names.script, { type: 'text/javascript; charset=utf-8', text: script }],
      [names.style, { type: 'text/css; charset=utf-8', text: style }],
      [names.icon, { type: 'image/svg+xml', text: ICON }],
    ]),
  };
}

function named(text: string, extension: string): string {
  const digest = digestBytes(new TextEncoder().encode(text));
  return `console-${hexOf(digest).slice(0, 16)}.${extension}`;
}

/** A mill wheel. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#3b82c4" stroke-width="2.6" stroke-linecap="round"><circle cx="16" cy="16" r="9"/><circle cx="16" cy="16" r="1.5"/><path d="M16 2v12M16 18v12M2 16h12M18 16h12M6.1 6.1l8.5 8.5M17.4 17.4l8.5 8.5M25.9 6.1l-8.5 8.5M14.6 17.4l-8.5 8.5"/></svg>';
