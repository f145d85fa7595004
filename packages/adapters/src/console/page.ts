import { markup, render } from '../html-report/markup.js';
import { httpProblem } from '../http/problem.js';
import type { Assets } from './assets.js';

/** The page, one of its assets, or the way to it. */
export function pageResponse(request: Request, path: string | undefined, title: string, assets: Assets): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return httpProblem(405, 'Use GET or HEAD.', { allow: 'GET, HEAD' });
  // Everything is named relative to the page, whose address must therefore end with a slash.
  if (path === '') return redirect(new URL(request.url));
  const file = path?.startsWith('/assets/') ? assets.files.get(path.slice('/assets/'.length)) : undefined;
  const body = request.method === 'HEAD' ? null : undefined;
  if (file !== undefined) {
    const headers = { ...SAFE, 'content-type': file.type, 'cache-control': 'public, max-age=31536000, immutable' };
    return new Response(body ?? file.text, { headers });
  }
  if (path !== '/') return httpProblem(404, 'There is nothing at this path.');
  const etag = `"${assets.script}${assets.style}"`;
  const headers = { ...SAFE, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', etag };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(body === null ? null : pageOf(title, assets), { headers });
}

/** Nothing but the page's own files runs, is loaded or is asked; no string becomes markup; nobody frames it. */
const SAFE = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

function redirect({ pathname, search }: URL): Response {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  return new Response(null, { status: 308, headers: { location: `${last}/${search}` } });
}

function pageOf(title: string, { script, style, icon }: Assets): string {
  return render(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="assets/${icon}">
<link rel="stylesheet" href="assets/${style}">
<script type="module" src="assets/${script}"></script>
</head>
<body>
<div id="console"><p class="boot">Loading…</p></div>
<noscript>This console needs JavaScript. <code>millwright report</code> writes a page that does not.</noscript>
</body>
</html>
`);
}
