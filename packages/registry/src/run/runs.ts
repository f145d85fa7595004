import {
  type Abortable,
  canonicalJson,
  defined,
  invalidInput,
  type Json,
  type JsonObject,
  MillwrightError,
  parseName,
} from '@millwright/core';
import { blobsOf, type FileSource, openArtifact, putArtifact, type VerifiedArtifact } from '@millwright/core/artifact';
import type { Decide, LedgerView } from '@millwright/core/ledger';
import { type LineageNode, lineageRecorded } from '@millwright/core/lineage';
import { act, type CommandOptions, numberedBy, type RegistryDoors, storing } from '../doors.js';
import { toFigure } from '../figure.js';
import { notFound } from '../model/command/refusal.js';
import { type NodeLike, nodeId, parseNode, parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { MAX_WORD, parseRecord, parseStatement, parseText } from '../text.js';
import { findRun, listRuns, type RunState, runsProjection, toRun } from './state.js';
import type { MetricPoint, RunArtifact, RunComparison, RunRecord, RunStatus } from './types.js';

/** Experiment tracking: every run is a line in the ledger, also the ones that failed. */
export interface Runs {
  /** Starts the next run of this name. @throws `state/not-found` for an unknown parent, `input/invalid`, `input/not-json` */
  start(name: string, facts?: RunFacts & CommandOptions): Promise<Run>;
  /** A handle on a run that was started, perhaps by another process. @throws `state/not-found` */
  open(run: ReferenceLike): Run;
  /** @throws `state/not-found` */
  get(run: ReferenceLike): RunRecord;
  /** The run, or undefined when there is none of this id. */
  find(run: ReferenceLike): RunRecord | undefined;
  /** All values of a metric, in the order they were logged. @throws `state/not-found` */
  points(run: ReferenceLike, metric: string): readonly MetricPoint[];
  /** The files that a run kept under a name, verified as they are read. @throws `state/not-found`, `artifact/missing` */
  artifact(run: ReferenceLike, name: string, options?: Abortable): Promise<VerifiedArtifact>;
  /** Runs of one name, or all, oldest first. */
  list(filter?: RunFilter): readonly RunRecord[];
  /** Side by side: parameters that differ, and every metric. @throws `state/not-found` */
  compare(runs: readonly ReferenceLike[]): RunComparison;
}

/** What a run uses and how it was set up. */
export interface RunFacts {
  /** Datasets, models and other nodes that it uses. */
  readonly uses?: readonly NodeLike[] | undefined;
  readonly parameters?: Readonly<Record<string, Json>> | undefined;
  readonly seeds?: readonly number[] | undefined;
  /** Where its code is: a commit, an image's digest. */
  readonly code?: string | undefined;
  /** Versions of what it runs on. Never the process's environment variables: they hold secrets. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** The run that this one is a part of. */
  readonly parent?: ReferenceLike | undefined;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** Which runs are wanted: all that is given must hold. */
export interface RunFilter {
  readonly name?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** A run while it goes on. Leaving an `await using` block before `finish` records it as crashed. */
export interface Run extends AsyncDisposable {
  readonly id: string;
  /** Its node in the lineage graph, for `uses` and `madeFrom`. */
  readonly node: string;
  readonly record: RunRecord;
  /** Values of metrics, at a step; the default step is the next one of each metric. @throws `state/precondition` after the end */
  log(
    metrics: Readonly<Record<string, number>>,
    options?: { readonly step?: number | undefined } & CommandOptions,
  ): Promise<void>;
  /**
   * Stores files under a name: checkpoints, plots, logs. What becomes a model version or a dataset is registered as one.
   * @throws `state/precondition` after the end, `input/invalid`
   */
  keep(name: string, files: Readonly<Record<string, FileSource>>, options?: CommandOptions): Promise<RunArtifact>;
  /** Ends the run. The same end twice is harmless. @throws `state/precondition` when it has ended otherwise */
  finish(status: Exclude<RunStatus, 'running'>, options?: RunEnd & CommandOptions): Promise<RunRecord>;
}

/** What a run came to. */
export interface RunEnd {
  /** Last values, logged in the same commit. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  /** Why it failed, or crashed. */
  readonly reason?: string | undefined;
}

/** The runs of a registry; `openRegistry` makes it. */
export function runs(doors: RegistryDoors): Runs {
  const { ledger } = doors;
  const find = (reference: ReferenceLike) => {
    const { name, number } = parseReference(reference, 'run');
    const run = findRun(ledger.state(runsProjection), referenceId(name, number));
    if (run === undefined) throw notFound('run', referenceId(name, number));
    return run;
  };

  const handle = (id: string): Run => ({
    id,
    node: nodeId('run', id),
    get record() {
      return toRun(find(id));
    },
    async log(metrics, options = {}) {
      await act(doors, logRun(id, metrics, options.step), options, () => undefined);
    },
    keep: storing(doors, async (name, files, options = {}) => {
      const parsed = parseStatement(name, 'artifact name', MAX_WORD);
      const { manifest, digest } = await putArtifact(doors.blobs, files, options);
      const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
      const decide = keepArtifact(id, { name: parsed, digest, size });
      await act(doors, decide, { ...options, blobs: blobsOf(manifest) }, () => undefined);
      return find(id).artifacts.get(parsed)!;
    }),
    async finish(status, options = {}) {
      await act(doors, finishRun(id, status, options), options, () => undefined);
      return toRun(find(id));
    },
    async [Symbol.asyncDispose]() {
      if (find(id).status !== 'running') return;
      const reason = 'The block that ran it was left before it finished.';
      await ledger.commit(crashUnfinished(id, reason));
    },
  });

  return {
    async start(name, facts = {}) {
      const { result } = await act(doors, startRun(name, facts), facts, numberedBy('run.started', 'name'));
      return handle(result);
    },
    open: (run) => handle(find(run).id),
    get: (run) => toRun(find(run)),
    find(run) {
      const { name, number } = parseReference(run, 'run');
      const found = findRun(ledger.state(runsProjection), referenceId(name, number));
      return found === undefined ? undefined : toRun(found);
    },
    points: (run, metric) => [...(find(run).metrics.get(metric) ?? [])],
    async artifact(run, name, options) {
      const found = find(run).artifacts.get(name);
      if (found === undefined) throw notFound('artifact of the run', name);
      return openArtifact(doors.blobs, found.digest, options);
    },
    list({ name, status, tags } = {}) {
      const wanted = Object.entries(tags ?? {});
      return listRuns(ledger.state(runsProjection), name)
        .filter((run) => status === undefined || run.status === status)
        .filter((run) => wanted.every(([key, value]) => run.tags.get(key) === value))
        .sort((a, b) => a.eventIndex - b.eventIndex)
        .map(toRun);
    },
    compare: (references) => compareRuns(references.map(find)),
  };
}

function startRun(name: string, facts: RunFacts): Decide<string> {
  const parsed = parseName(name, 'run name');
  const uses = [...new Set((facts.uses ?? []).map((node) => parseNode(node, 'uses')))];
  const parent = facts.parent === undefined ? undefined : parentId(facts.parent);
  const data: JsonObject = {
    uses,
    parameters: JSON.parse(canonicalJson(facts.parameters ?? {})) as JsonObject,
    seeds: [...(facts.seeds ?? [])],
    code: parseText(facts.code ?? '', 'code'),
    environment: parseRecord(facts.environment, 'environment', (value, key) => parseText(value, key)),
    description: parseText(facts.description ?? '', 'description'),
    tags: parseRecord(facts.tags, 'tags', (value, key) => parseText(value, key)),
    ...defined({ parent }),
  };
  return (view) => {
    const state = view.state(runsProjection);
    if (parent !== undefined && findRun(state, parent) === undefined) throw notFound('run', parent);
    const number = (state.counts.get(parsed) ?? 0) + 1;
    const id = referenceId(parsed, number);
    const node: LineageNode = { id: nodeId('run', id), kind: 'run', label: id };
    const sources = parent === undefined ? uses : [...uses, nodeId('run', parent)];
    return {
      events: [
        { type: 'run.started', data: { name: parsed, number, ...data } },
        lineageRecorded(
          [node],
          sources.map((from) => ({ from, to: node.id })),
        ),
      ],
      result: id,
    };
  };
}

function parentId(parent: ReferenceLike): string {
  const { name, number } = parseReference(parent, 'parent');
  return referenceId(name, number);
}

function logRun(id: string, metrics: Readonly<Record<string, number>>, step: number | undefined): Decide<void> {
  const figures = parseRecord(metrics, 'metrics', toFigure);
  if (step !== undefined && !Number.isSafeInteger(step)) throw invalidInput('step', 'an integer', step);
  return (view) => {
    requireRunning(view, id);
    const data = { run: id, metrics: figures, ...defined({ step }) };
    return { events: [{ type: 'run.logged', data }], result: undefined };
  };
}

function keepArtifact(id: string, kept: Omit<RunArtifact, 'time'>): Decide<void> {
  const { name, digest, size } = kept;
  const run = nodeId('run', id);
  const node: LineageNode = { id: nodeId('artifact', digest), kind: 'artifact', label: name, digest };
  return (view) => {
    requireRunning(view, id);
    return {
      events: [
        { type: 'run.artifactKept', data: { run: id, name, artifact: digest, size } },
        lineageRecorded([node], [{ from: run, to: node.id }]),
      ],
      result: undefined,
    };
  };
}

const ENDS = new Set<unknown>(['succeeded', 'failed', 'crashed']);

function finishRun(id: string, status: Exclude<RunStatus, 'running'>, end: RunEnd): Decide<void> {
  if (!ENDS.has(status)) throw invalidInput('status', '`succeeded`, `failed` or `crashed`', status);
  const metrics = parseRecord(end.metrics, 'metrics', toFigure);
  const reason = parseText(end.reason ?? '', 'reason');
  return (view) => {
    if (findRun(view.state(runsProjection), id)?.status === status) return { events: [], result: undefined };
    requireRunning(view, id);
    return { events: [{ type: 'run.finished', data: { run: id, status, metrics, reason } }], result: undefined };
  };
}

function crashUnfinished(id: string, reason: string): Decide<void> {
  const finish = finishRun(id, 'crashed', { reason });
  return (view) =>
    findRun(view.state(runsProjection), id)?.status === 'running' ? finish(view) : { events: [], result: undefined };
}

function requireRunning(view: LedgerView, id: string): void {
  const run = findRun(view.state(runsProjection), id);
  if (run === undefined) throw notFound('run', id);
  if (run.status !== 'running')
    throw new MillwrightError('state/precondition', `The run ${id} has ended: it ${run.status}.`, {
      details: { what: `run ${id}`, expected: 'running', actual: run.status },
    });
}

function compareRuns(chosen: readonly RunState[]): RunComparison {
  const parameters = new Map<string, readonly unknown[]>();
  for (const key of keys(chosen.map((run) => Object.keys(run.parameters)))) {
    const values = chosen.map((run) => (Object.hasOwn(run.parameters, key) ? run.parameters[key] : undefined));
    const distinct = new Set(values.map((value) => (value === undefined ? '' : canonicalJson(value))));
    if (distinct.size > 1) parameters.set(key, values);
  }
  const metrics = new Map<string, readonly (number | undefined)[]>();
  for (const key of keys(chosen.map((run) => [...run.metrics.keys()])))
    metrics.set(
      key,
      chosen.map((run) => run.metrics.get(key)?.at(-1)?.value),
    );
  return { runs: chosen.map(toRun), parameters, metrics };
}

function keys(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}
