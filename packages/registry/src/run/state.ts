import type { JsonObject, Name } from '@millwright/core';
import type { LedgerEvent, Projection } from '@millwright/core/ledger';
import * as z from 'zod/mini';
import { figureSchema, fromFigure } from '../figure.js';
import { nodeId, referenceId } from '../reference.js';
import { MAX_TEXT, MAX_WORD } from '../text.js';
import type { MetricPoint, RunRecord, RunStatus } from './types.js';

const word = z.string().check(z.minLength(1), z.maxLength(MAX_WORD));
const text = z.string().check(z.maxLength(MAX_TEXT));

const runStarted = z.object({
  name: word,
  number: z.number(),
  uses: z._default(z.array(text), []),
  parameters: z._default(z.record(z.string(), z.json()), {}),
  seeds: z._default(z.array(z.number()), []),
  code: z._default(text, ''),
  environment: z._default(z.record(word, text), {}),
  parent: z.optional(word),
  description: z._default(text, ''),
  tags: z._default(z.record(word, text), {}),
});
const metrics = z.record(word, figureSchema);
const runLogged = z.object({ run: word, step: z.optional(z.number()), metrics });
const runFinished = z.object({
  run: word,
  status: z.enum(['succeeded', 'failed', 'crashed']),
  metrics: z._default(metrics, {}),
  reason: z._default(text, ''),
});

export interface RunsState {
  readonly runs: Map<string, RunState[]>;
}

export interface RunState {
  readonly id: string;
  readonly name: Name;
  readonly number: number;
  status: RunStatus;
  readonly uses: readonly string[];
  readonly parameters: JsonObject;
  readonly seeds: readonly number[];
  readonly code: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly parent: string | undefined;
  readonly description: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly metrics: Map<string, MetricPoint[]>;
  reason: string;
  readonly startedBy: string;
  readonly startedAt: number;
  finishedAt: number | undefined;
  readonly eventIndex: number;
}

/** Every run that was started, whatever came of it. */
export const runsProjection: Projection<RunsState> = {
  id: 'registry.runs@1',
  init: () => ({ runs: new Map() }),
  apply(state, event) {
    if (event.type === 'run.started') started(state, event);
    else if (event.type === 'run.logged') logged(state, event);
    else if (event.type === 'run.finished') finished(state, event);
    return state;
  },
};

function started(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runStarted.safeParse(event.data);
  if (!success) return;
  const sameName = state.runs.get(data.name) ?? [];
  if (data.number !== sameName.length + 1) return;
  state.runs.set(data.name, sameName);
  sameName.push({
    id: referenceId(data.name, data.number),
    name: data.name as Name,
    number: data.number,
    status: 'running',
    uses: data.uses,
    parameters: data.parameters as JsonObject,
    seeds: data.seeds,
    code: data.code,
    environment: new Map(Object.entries(data.environment)),
    parent: data.parent,
    description: data.description,
    tags: new Map(Object.entries(data.tags)),
    metrics: new Map(),
    reason: '',
    startedBy: event.actor,
    startedAt: event.time,
    finishedAt: undefined,
    eventIndex: event.index,
  });
}

function logged(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runLogged.safeParse(event.data);
  const run = success ? findRun(state, data.run) : undefined;
  if (success && run?.status === 'running') add(run, data.metrics, data.step, event.time);
}

function finished(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runFinished.safeParse(event.data);
  const run = success ? findRun(state, data.run) : undefined;
  if (!success || run?.status !== 'running') return;
  add(run, data.metrics, undefined, event.time);
  run.status = data.status;
  run.reason = data.reason;
  run.finishedAt = event.time;
}

function add(
  run: RunState,
  figures: Readonly<Record<string, number | string>>,
  step: number | undefined,
  time: number,
) {
  for (const [name, figure] of Object.entries(figures)) {
    const points = run.metrics.get(name) ?? [];
    points.push({ step: step ?? (points.at(-1)?.step ?? -1) + 1, value: fromFigure(figure), time });
    run.metrics.set(name, points);
  }
}

/** The run with this id, if there is one. */
export function findRun(state: RunsState, id: string): RunState | undefined {
  const at = id.lastIndexOf('@');
  if (at <= 0) return undefined;
  const run = state.runs.get(id.slice(0, at))?.[Number(id.slice(at + 1)) - 1];
  return run?.id === id ? run : undefined;
}

/** A copy that later events do not change. */
export function toRun(run: RunState): RunRecord {
  return {
    ...run,
    node: nodeId('run', run.id),
    environment: Object.fromEntries(run.environment),
    tags: Object.fromEntries(run.tags),
    metrics: Object.fromEntries([...run.metrics].map(([name, points]) => [name, points.at(-1)!.value])),
  };
}
