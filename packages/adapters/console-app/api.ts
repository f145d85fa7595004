import type { Problem } from '../src/http/problem.js';

/** Why the service did not do what was asked, in its own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: Partial<Problem>;
  constructor(problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? 'The service cannot be reached.');
    this.problem = problem;
  }
}

/** A path of the service, with every part encoded: `path('versions', 'fraud@2')`. */
export function path(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

/** What the service answers. @throws `Refusal` */
export function get<T>(at: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(at, { signal: signal ?? null });
}

/** Asks the service to do something, once, however often this request arrives. @throws `Refusal` */
export function post<T>(at: string, body: Readonly<Record<string, unknown>>): Promise<T | undefined> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
  return ask<T | undefined>(at, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Names are relative to the page, which may be mounted anywhere. */
async function ask<T>(at: string, init: RequestInit): Promise<T> {
  const response = await fetch(`api/${at}`, init).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
    throw new Refusal({});
  });
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => ({ title: `The service answered ${response.status}.` }));
  if (!response.ok) throw new Refusal(body as Problem);
  return body as T;
}
