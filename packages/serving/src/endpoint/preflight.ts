import {
  allOf,
  type Clock,
  type Digest,
  digestJson,
  isMillwrightError,
  type Need,
  systemClock,
  type Verdict,
} from '@millwright/core';
import { type Contract, checkOutput } from '@millwright/core/contract';
import { latencyHistogram } from '@millwright/core/telemetry';
import { isAbstained } from '../guard/types.js';
import type { Endpoint } from './types.js';

/** The requests and limits that an endpoint is checked with. */
export interface PreflightOptions<I> {
  /** Requests as production sends them. More of them prove more: a p99 needs a hundred answers at least. */
  readonly inputs: readonly I[];
  /** What answers must keep. Without it the output check is `insufficient`. */
  readonly contract?: Contract | undefined;
  /** Largest latencies in milliseconds under `concurrency`. Without them the latency check is `insufficient`. */
  readonly budgetsMs?:
    | { readonly p50?: number | undefined; readonly p95?: number | undefined; readonly p99?: number | undefined }
    | undefined;
  /** Requests under way at once during the load test. Default 32. */
  readonly concurrency?: number | undefined;
  /** Requests of the load test. Default 1,000; inputs repeat. */
  readonly requests?: number | undefined;
  /** Largest difference between the answers alone and under load, relative to `max(1, |answer|)`. Default 1e-4. */
  readonly tolerance?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** One of the five checks and what came of it. */
export interface PreflightCheck {
  /**
   * `answers`: every input gets an answer. `output`: answers keep the contract. `stable`: they are the same under load.
   * `refuses`: what is no request gets none. `latency`: budgets are kept.
   */
  readonly name: 'answers' | 'output' | 'stable' | 'refuses' | 'latency';
  readonly verdict: Verdict;
  readonly sentence: string;
  readonly need?: Need | undefined;
}

/** Whether an endpoint may take traffic: plain data, to be attached to a version as evidence. */
export interface PreflightReport {
  readonly verdict: Verdict;
  readonly checks: readonly PreflightCheck[];
  /** The model that was checked. */
  readonly model: string;
  readonly executionProvider: string;
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | undefined;
  readonly digest: Digest;
}

/**
 * Checks an endpoint before it takes traffic: it answers, answers keep the contract, are the same alone and under load,
 * what is no request is refused, and latencies keep their budgets.
 */
export async function preflight<I, O>(
  endpoint: Endpoint<I, O>,
  options: PreflightOptions<I>,
): Promise<PreflightReport> {
  const {
    inputs,
    contract,
    budgetsMs = {},
    concurrency = 32,
    requests = 1_000,
    tolerance = 1e-4,
    clock = systemClock,
  } = options;
  const alone: (O | undefined)[] = [];
  const errors: string[] = [];
  for (const input of inputs) alone.push(await answerOf(endpoint, input, errors));

  const latency = latencyHistogram();
  let unstable = 0;
  let next = 0;
  const worker = async () => {
    while (next < requests && inputs.length > 0) {
      const i = next++ % inputs.length;
      const startedAt = clock.monotonic();
      const output = await answerOf(endpoint, inputs[i]!, errors);
      latency.record(clock.monotonic() - startedAt);
      if (output !== undefined && alone[i] !== undefined && !(distance(alone[i], output) <= tolerance)) unstable++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));

  const checks = [
    answers(inputs.length, errors),
    outputs(contract, alone),
    stable(unstable, latency.count, tolerance),
    await refuses(endpoint, contract),
    latencies(budgetsMs, latency.count, (q) => latency.quantile(q)),
  ];
  const { model, facts } = endpoint.champion;
  const summary =
    latency.count === 0
      ? undefined
      : { p50: latency.quantile(0.5), p95: latency.quantile(0.95), p99: latency.quantile(0.99) };
  const body = {
    verdict: allOf(checks.map((check) => check.verdict)),
    checks,
    model,
    executionProvider: facts.executionProvider,
    latency: summary,
  };
  return { ...body, digest: digestJson(JSON.parse(JSON.stringify(body))) };
}

async function answerOf<I, O>(endpoint: Endpoint<I, O>, input: I, errors: string[]): Promise<O | undefined> {
  try {
    return (await endpoint.predict(input)).output;
  } catch (error) {
    errors.push(isMillwrightError(error) ? error.code : String(error));
    return undefined;
  }
}

function answers(inputs: number, errors: readonly string[]): PreflightCheck {
  if (inputs === 0)
    return { name: 'answers', verdict: 'insufficient', sentence: 'There were no inputs.', need: { rows: 1 } };
  if (errors.length === 0) return { name: 'answers', verdict: 'pass', sentence: 'Every request was answered.' };
  const kinds = [...new Set(errors)].join(', ');
  return { name: 'answers', verdict: 'fail', sentence: `${errors.length} requests were not answered (${kinds}).` };
}

function outputs(contract: Contract | undefined, given: readonly unknown[]): PreflightCheck {
  const seen = given.filter((output) => output !== undefined && !isAbstained(output));
  if (contract === undefined || seen.length === 0)
    return {
      name: 'output',
      verdict: 'insufficient',
      sentence: 'There is no contract or no answer to check.',
      need: { what: 'a contract and answers' },
    };
  for (const output of seen) {
    const checked = checkOutput(contract, output);
    if (checked.ok) continue;
    const { path, expected, received } = checked.violations[0]!;
    return {
      name: 'output',
      verdict: 'fail',
      sentence: `An answer breaks the contract at \`${path}\`: expected ${expected}, got ${received}.`,
    };
  }
  return { name: 'output', verdict: 'pass', sentence: `${seen.length} answers keep the contract.` };
}

function stable(unstable: number, count: number, tolerance: number): PreflightCheck {
  if (count === 0)
    return { name: 'stable', verdict: 'insufficient', sentence: 'Nothing was asked under load.', need: { rows: 1 } };
  if (unstable === 0)
    return { name: 'stable', verdict: 'pass', sentence: `Answers alone and under load agree within ${tolerance}.` };
  return {
    name: 'stable',
    verdict: 'fail',
    sentence: `${unstable} of ${count} answers under load differ from those alone.`,
  };
}

/** Sends what cannot be a request. Without a contract nothing says what that is. */
async function refuses<I, O>(endpoint: Endpoint<I, O>, contract: Contract | undefined): Promise<PreflightCheck> {
  const required = Object.entries(contract?.inputs ?? {}).some(
    ([, field]) => field.fallback === undefined && field.nullable !== true,
  );
  if (!required)
    return {
      name: 'refuses',
      verdict: 'insufficient',
      sentence: 'No input is required.',
      need: { what: 'a contract' },
    };
  const errors: string[] = [];
  await answerOf(endpoint, {} as I, errors);
  if (errors[0] === 'contract/violated')
    return { name: 'refuses', verdict: 'pass', sentence: 'A request without its inputs was refused.' };
  return {
    name: 'refuses',
    verdict: 'fail',
    sentence: `A request without its inputs got ${errors[0] ?? 'an answer'}.`,
  };
}

function latencies(
  budgets: NonNullable<PreflightOptions<never>['budgetsMs']>,
  count: number,
  quantile: (q: number) => number,
): PreflightCheck {
  const wanted = Object.entries(budgets).filter((entry): entry is [string, number] => entry[1] !== undefined);
  if (wanted.length === 0)
    return {
      name: 'latency',
      verdict: 'insufficient',
      sentence: 'There is no latency budget.',
      need: { what: 'budgetsMs' },
    };
  const tight = Math.max(...wanted.map(([name]) => Number(name.slice(1)) / 100));
  // Fewer answers than 1 / (1 - q) say nothing about the q-quantile.
  const needed = Math.ceil(1 / (1 - tight) - 1e-9);
  if (count < needed)
    return {
      name: 'latency',
      verdict: 'insufficient',
      sentence: `${count} answers say nothing about p${100 * tight}.`,
      need: { rows: needed - count },
    };
  const over = wanted.filter(([name, budget]) => !(quantile(Number(name.slice(1)) / 100) <= budget));
  const measured = wanted
    .map(([name, budget]) => `${name} ${quantile(Number(name.slice(1)) / 100).toFixed(1)} of ${budget} ms`)
    .join(', ');
  return { name: 'latency', verdict: over.length === 0 ? 'pass' : 'fail', sentence: `Under load: ${measured}.` };
}

/** Largest difference between two answers, relative to `max(1, |first|)`; what is not a number must be equal. */
function distance(first: unknown, second: unknown): number {
  if (typeof first === 'number' && typeof second === 'number') {
    if (Object.is(first, second)) return 0;
    return Math.abs(first - second) / Math.max(1, Math.abs(first));
  }
  if (typeof first !== 'object' || first === null || typeof second !== 'object' || second === null)
    return first === second ? 0 : Number.POSITIVE_INFINITY;
  const keys = Object.keys(first);
  if (keys.length !== Object.keys(second).length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const key of keys) {
    const difference = distance((first as Record<string, unknown>)[key], (second as Record<string, unknown>)[key]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
