export { type PrometheusExchange, type PrometheusExchangeOptions, prometheusExchange } from './prometheus/exchange.js';
export { prometheusResponse } from './prometheus/response.js';
export { endpointMetrics, ledgerMetrics, reviewMetrics, rolloutMetrics } from './prometheus/sources.js';
export { type PrometheusFormat, prometheusText } from './prometheus/text.js';
