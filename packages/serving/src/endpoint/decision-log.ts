import { isMillwrightError, type Json, type JsonObject } from '@millwright/core';
import type { SegmentWriter } from '@millwright/core/ledger';
import { isAbstained } from '../guard/types.js';
import type { DecisionRecord, Endpoint } from './types.js';

/** What of each decision is kept: by default neither input, answer nor unit. */
export interface DecisionLogOptions<I, O> {
  /** What is kept of an input: what is needed to run it again, and no more. Default nothing. */
  readonly input?: ((input: I) => Json) | undefined;
  /** What is kept of an answer. Default nothing. */
  readonly output?: ((output: O) => Json) | undefined;
  /** The name under which a unit is kept: a pseudonym. Default nothing is kept of it. */
  readonly unit?: ((unit: string) => string) | undefined;
  /** Hears of records that are lost because the store is slower than the requests, or because they are not JSON. */
  readonly onLost?: ((error: unknown) => void) | undefined;
}

/** Stops the log, and counts. */
export interface DecisionLog {
  readonly written: number;
  readonly lost: number;
  stop(): void;
}

/**
 * Writes a record of every decision to segments of a ledger: who answered, under which epoch, by which model (its
 * digest), how it ended and how long it took. Values of people stay out unless they are asked for. A request never
 * waits for it and never fails because of it.
 *
 * @example
 * const decisions = segmentWriter({ ledger, blobs, stream: 'decisions' });
 * const log = logDecisions(endpoint, decisions, { input: ({ hour, miles }) => ({ hour, miles }) });
 */
export function logDecisions<I, O>(
  endpoint: Pick<Endpoint<I, O>, 'observe'>,
  segments: Pick<SegmentWriter, 'append'>,
  options: DecisionLogOptions<I, O> = {},
): DecisionLog {
  const counts = { written: 0, lost: 0 };
  const stop = endpoint.observe((decision) => {
    try {
      segments.append(recordOf(decision, options));
      counts.written++;
    } catch (error) {
      counts.lost++;
      options.onLost?.(error);
    }
  });
  return {
    get written() {
      return counts.written;
    },
    get lost() {
      return counts.lost;
    },
    stop,
  };
}

function recordOf<I, O>(decision: DecisionRecord<I, O>, options: DecisionLogOptions<I, O>): JsonObject {
  const { unit, armServed, model, digest, input, output, error, cached, degraded, ...facts } = decision;
  const { decisionId, armAssigned, epoch, share, sticky, shadow, status, time, latencyMs, batch } = facts;
  const held = isAbstained(output) ? { guard: output.guard, reason: output.reason } : undefined;
  const kept: Record<string, Json | undefined> = {
    unit: unit === undefined ? undefined : options.unit?.(unit),
    armServed,
    model,
    digest,
    cached: cached ? true : undefined,
    degraded,
    abstained: held,
    // The code and no more: messages quote values.
    error: isMillwrightError(error) ? error.code : error === undefined ? undefined : 'unknown',
    input: options.input?.(input),
    output: output === undefined || isAbstained(output) ? undefined : options.output?.(output),
  };
  const given = Object.entries(kept).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return {
    ...{ decisionId, armAssigned, epoch, share, sticky, shadow, status, time, latencyMs, batch },
    ...Object.fromEntries(given),
  };
}
