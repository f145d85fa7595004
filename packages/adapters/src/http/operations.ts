import { isMillwrightError, type Verdict } from '@millwright/core';
import type { MetricFamily } from '@millwright/core/telemetry';
import { prometheusResponse } from '../prometheus/response.js';
import { jsonResponse } from './json.js';
import { type Route, route } from './router.js';

/** Answers `pass` when the service can do its work. Anything else, and throwing, means not ready. */
export type ReadinessCheck = (options: { readonly signal: AbortSignal }) => Promise<Verdict> | Verdict;

/** Liveness, readiness and metrics. */
export function operationRoutes({ ready = {}, metrics }: OperationOptions): readonly Route[] {
  return [
    route('operate', 'GET /health/live', 'health.live', () => jsonResponse({ verdict: 'pass' })),
    route('operate', 'GET /health/ready', 'health.ready', async ({ signal }) => {
      const checks = await Promise.all(
        Object.entries(ready).map(async ([name, check]) => [name, await askReady(check, signal)] as const),
      );
      const failed = checks.some(([, { verdict }]) => verdict !== 'pass');
      const body = { verdict: failed ? 'fail' : 'pass', checks: Object.fromEntries(checks) };
      return jsonResponse(body, { status: failed ? 503 : 200 });
    }),
    ...(metrics === undefined
      ? []
      : [
          route('operate', 'GET /metrics', 'metrics.read', ({ headers }) =>
            prometheusResponse(metrics(), headers.get('accept') ?? ''),
          ),
        ]),
  ];
}

interface OperationOptions {
  readonly ready?: Readonly<Record<string, ReadinessCheck>> | undefined;
  readonly metrics?: (() => readonly MetricFamily[]) | undefined;
}

/** The code of what went wrong, if it has one: its message may name what callers need not know. */
async function askReady(check: ReadinessCheck, signal: AbortSignal) {
  try {
    return { verdict: await check({ signal }) };
  } catch (error) {
    return { verdict: 'fail' as const, ...(isMillwrightError(error) ? { code: error.code } : {}) };
  }
}
