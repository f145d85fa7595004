import type { MetricFamily } from '@millwright/core/telemetry';
import { prometheusText } from './text.js';

/** The answer to a scrape, in the format that the scraper's `Accept` header asks for. @throws `input/invalid` */
export function prometheusResponse(families: readonly MetricFamily[], accept = ''): Response {
  const format = accept.includes('application/openmetrics-text') ? 'openmetrics' : 'text';
  return new Response(prometheusText(families, format), { headers: { 'content-type': TYPES[format] } });
}

const TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;
