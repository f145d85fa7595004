import { httpProblem } from '../http/problem.js';

/**
 * Whether a page of another origin sends this: browsers say so themselves (Fetch Metadata), and where they do not, the
 * `origin` must be the host that was asked. Programs, which send neither, have no visitor's cookies to abuse.
 */
export function isForeign({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin';
  const origin = headers.get('origin');
  if (origin === null) return false;
  return !URL.canParse(origin) || new URL(origin).host !== headers.get('host');
}

export function refuseForeign(): Response {
  return httpProblem(403, 'Only the console itself may write: this request comes from the page of another origin.');
}
