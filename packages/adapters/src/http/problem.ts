import { type ErrorCode, isMillwrightError, MillwrightError } from '@millwright/core';
import { jsonText } from './json.js';

/** A problem as RFC 9457 writes it, with the code and the details of the error behind it. */
export interface Problem {
  /** `urn:millwright:error:` and the code; `about:blank` for what has none. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was expected, what came, what to do. Left out for the server's own faults, whose message may name its parts. */
  readonly detail?: string | undefined;
  readonly code?: ErrorCode | undefined;
  readonly details?: unknown;
}

/** The problem that an error is to a caller. Errors that are not Millwright's are a plain 500, whatever they say. */
export function problemOf(error: unknown): Problem {
  if (!isMillwrightError(error)) return blank(500);
  const { code, message, details } = error;
  const status = STATUS[code] ?? 500;
  const problem = { type: `urn:millwright:error:${code}`, title: TITLES[status] ?? 'Error', status, code };
  // 5xx is ours: a store's address or a file's name is nothing for the caller.
  return status >= 500 && !TELLS.has(code) ? problem : { ...problem, detail: message, details };
}

/** The answer for an error: `application/problem+json`, never stored. */
export function problemResponse(error: unknown): Response {
  const headers: Record<string, string> = {};
  if (isMillwrightError(error, 'serving/overloaded')) headers['retry-after'] = seconds(error);
  return respond(problemOf(error), headers);
}

/** The answer for what is wrong with the request as HTTP. */
export function httpProblem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Response {
  return respond({ ...blank(status), detail }, headers);
}

/** There is no such thing: 404. */
export function notFound(what: string, id: string): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `There is no ${what} \`${id}\`.`, { details: { what, id } });
}

function respond(problem: Problem, headers: Readonly<Record<string, string>>): Response {
  return new Response(jsonText(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  });
}

function blank(status: number): Problem {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status };
}

function seconds(error: MillwrightError<'serving/overloaded'>): string {
  return String(Math.max(1, Math.ceil(error.details.retryAfterMs / 1_000)));
}

/** What is not listed is a fault of the server: 500. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  'access/denied': 403,
  'input/invalid': 400,
  'input/not-json': 400,
  'input/too-large': 413,
  'state/not-found': 404,
  'state/precondition': 409,
  'state/closed': 503,
  'queue/full': 503,
  'table/column': 422,
  'contract/violated': 422,
  'contract/invalid': 422,
  'artifact/invalid': 422,
  'validation/failed': 422,
  'validation/plan': 422,
  'evaluation/unmatched': 422,
  'serving/tensor': 422,
  'rollout/invalid': 422,
  'rollout/state': 409,
  'registry/denied': 403,
  'registry/exists': 409,
  'registry/lifecycle': 409,
  'serving/overloaded': 503,
  'serving/deadline': 504,
  'ledger/too-large': 413,
  'ledger/contended': 503,
};

/** Codes of 5xx that name nothing but the caller's own request. */
const TELLS: ReadonlySet<ErrorCode> = new Set(['serving/overloaded', 'serving/deadline', 'queue/full']);

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not understood',
  403: 'Refused',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'It is not in the state that this needs',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'The content does not fit',
  500: 'The service failed',
  503: 'Not now',
  504: 'No answer in time',
};
