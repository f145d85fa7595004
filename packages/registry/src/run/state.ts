import { type Digest, defined, type Json, type JsonObject, type Name } from '@millwright/core';
import {
  type LedgerEvent,
  type Projection,
  type ShardCodec,
  type ShardMap,
  shardMap,
  shardMapFrom,
} from '@millwright/core/ledger';
import * as z from 'zod/mini';
import { type Figure, figureSchema, fromFigure, toFigure } from '../figure.js';
import { nodeId, referenceId } from '../reference.js';
import { digest, json, text, word, words } from '../schemas.js';
import type { MetricPoint, RunArtifact, RunRecord, RunStatus } from './types.js';

const runStarted = z.object({
  name: word,
  number: z.number(),
  uses: z._default(z.array(text), []),
  parameters: z._default(json, {}),
  seeds: z._default(z.array(z.number()), []),
  code: z._default(text, ''),
  environment: z._default(words, {}),
  parent: z.optional(word),
  description: z._default(text, ''),
  tags: z._default(words, {}),
});
const metrics = z.record(word, figureSchema);
const runLogged = z.object({ run: word, step: z.optional(z.number()), metrics });
const runArtifactKept = z.object({ run: word, name: word, artifact: digest, size: z.number() });
const runFinished = z.object({
  run: word,
  status: z.enum(['succeeded', 'failed', 'crashed']),
  metrics: z._default(metrics, {}),
  reason: z._default(text, ''),
});

/** All runs that the ledger holds. */
export interface RunsState {
  /** How many runs each name has; their numbers are dense, from 1. */
  readonly counts: Map<string, number>;
  /** Runs of one name, a block of numbers at a time: see `blockOf`. */
  readonly blocks: ShardMap<RunState[]>;
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
  readonly artifacts: Map<string, RunArtifact>;
  reason: string;
  readonly startedBy: string;
  readonly startedAt: number;
  finishedAt: number | undefined;
  readonly eventIndex: number;
}

/** Every run that was started, whatever came of it. */
export const runsProjection: Projection<RunsState> = {
  id: 'registry.runs@2',
  init: () => ({ counts: new Map(), blocks: shardMap(blockCodec) }),
  apply(state, event) {
    if (event.type === 'run.started') started(state, event);
    else if (event.type === 'run.logged') logged(state, event);
    else if (event.type === 'run.artifactKept') kept(state, event);
    else if (event.type === 'run.finished') finished(state, event);
    return state;
  },
  fork: ({ counts, blocks }) => ({ counts: new Map(counts), blocks: blocks.fork() }),
  snapshot: {
    encode: ({ counts, blocks }, aside) => ({ counts: [...counts], blocks: blocks.encode(aside) }),
    decode(json, part) {
      const { counts, blocks } = json as { readonly counts: readonly [string, number][]; readonly blocks: Json };
      return { counts: new Map(counts), blocks: shardMapFrom(blockCodec, blocks, part) };
    },
  },
};

/** Runs per block: what is parsed to see one, and copied to change one. */
const BLOCK = 64;

function blockOf(name: string, number: number): string {
  return `${name}@${Math.floor((number - 1) / BLOCK)}`;
}

const blockCodec: ShardCodec<RunState[]> = {
  encode: (runs) => runs.map(encodeRun),
  decode: (json) => (json as readonly StoredRun[]).map(decodeRun),
};

type StoredRun = Omit<RunState, 'environment' | 'tags' | 'metrics' | 'artifacts' | 'parent' | 'finishedAt'> & {
  readonly environment: readonly [string, string][];
  readonly tags: readonly [string, string][];
  readonly metrics: readonly [string, readonly [number, Figure, number][]][];
  readonly artifacts: readonly RunArtifact[];
  readonly parent?: string;
  readonly finishedAt?: number;
};

function encodeRun({ environment, tags, metrics, artifacts, parent, finishedAt, ...facts }: RunState): Json {
  return {
    ...facts,
    ...defined({ parent, finishedAt }),
    environment: [...environment],
    tags: [...tags],
    artifacts: Array.from(artifacts.values(), (artifact) => ({ ...artifact })),
    metrics: Array.from(metrics, ([name, points]) => [
      name,
      points.map(({ step, value, time }) => [step, toFigure(value, name), time]),
    ]),
  };
}

function decodeRun({ environment, tags, metrics, artifacts, parent, finishedAt, ...facts }: StoredRun): RunState {
  return {
    ...facts,
    parent,
    finishedAt,
    environment: new Map(environment),
    tags: new Map(tags),
    artifacts: new Map(artifacts.map((artifact) => [artifact.name, artifact])),
    metrics: new Map(
      metrics.map(([name, points]): [string, MetricPoint[]] => [
        name,
        points.map(([step, figure, time]) => ({ step, value: fromFigure(figure), time })),
      ]),
    ),
  };
}

function started(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runStarted.safeParse(event.data);
  if (!success) return;
  if (data.number !== (state.counts.get(data.name) ?? 0) + 1) return;
  state.counts.set(data.name, data.number);
  const block = blockOf(data.name, data.number);
  if (!state.blocks.has(block)) state.blocks.set(block, []);
  state.blocks.change(block)!.push({
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
    artifacts: new Map(),
    reason: '',
    startedBy: event.actor,
    startedAt: event.time,
    finishedAt: undefined,
    eventIndex: event.index,
  });
}

function logged(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runLogged.safeParse(event.data);
  const run = success ? changeRun(state, data.run) : undefined;
  if (success && run?.status === 'running') add(run, data.metrics, data.step, event.time);
}

function kept(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runArtifactKept.safeParse(event.data);
  const run = success ? changeRun(state, data.run) : undefined;
  if (!success || run?.status !== 'running') return;
  const { name, size } = data;
  run.artifacts.set(name, { name, digest: data.artifact as Digest, size, time: event.time });
}

function finished(state: RunsState, event: LedgerEvent): void {
  const { data, success } = runFinished.safeParse(event.data);
  const run = success ? changeRun(state, data.run) : undefined;
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
  const { block, place } = placeOf(id);
  const run = state.blocks.get(block)?.[place];
  return run?.id === id ? run : undefined;
}

/** All runs of a name, or of all names, by name and number. */
export function listRuns({ counts, blocks }: RunsState, name?: string): RunState[] {
  const runs: RunState[] = [];
  for (const each of name === undefined ? counts.keys() : [name])
    for (let number = 1; number <= (counts.get(each) ?? 0); number += BLOCK)
      runs.push(...(blocks.get(blockOf(each, number)) ?? []));
  return runs;
}

function changeRun(state: RunsState, id: string): RunState | undefined {
  const { block, place } = placeOf(id);
  return findRun(state, id) && state.blocks.change(block)?.[place];
}

function placeOf(id: string): { readonly block: string; readonly place: number } {
  const at = id.lastIndexOf('@');
  const number = Number(id.slice(at + 1));
  return { block: blockOf(id.slice(0, Math.max(at, 0)), number), place: (number - 1) % BLOCK };
}

/** A copy that later events do not change. */
export function toRun(run: RunState): RunRecord {
  return {
    ...run,
    node: nodeId('run', run.id),
    environment: Object.fromEntries(run.environment),
    tags: Object.fromEntries(run.tags),
    artifacts: [...run.artifacts.values()],
    metrics: Object.fromEntries([...run.metrics].map(([name, points]) => [name, points.at(-1)!.value])),
  };
}
