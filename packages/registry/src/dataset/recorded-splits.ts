import {
  type Digest,
  digestJson,
  digestStream,
  encodeUtf8,
  invalidInput,
  type Json,
  parseName,
  type Verdict,
} from '@millwright/core';
import type { LedgerEvent, Projection } from '@millwright/core/ledger';
import * as z from 'zod/mini';
import { act, type CommandOptions, type RegistryDoors, storing } from '../doors.js';
import { plainJson, putJson } from '../json-blob.js';
import { notFound } from '../model/command/refusal.js';
import { parseReference, type ReferenceLike, referenceId } from '../reference.js';
import { digest, word } from '../schemas.js';
import { checkSplits, type Split, type SplitLeak } from './splits.js';
import { datasetsProjection, findDataset } from './state.js';

/** How a dataset was split, and whether one part tells what another should have to guess. It is evidence: it has a verdict. */
export interface RecordedSplit {
  readonly dataset: string;
  /** What the split is called: `by-aircraft`. */
  readonly name: string;
  readonly parts: readonly SplitPart[];
  readonly verdict: Verdict;
  /** Without samples; those are in the report. */
  readonly leaks: readonly Omit<SplitLeak, 'samples'>[];
  /** Of dataset, name, parts, verdict and leaks. */
  readonly digest: Digest;
  /** Blob with the whole report. */
  readonly report: Digest;
  readonly sentence: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** One part of a split: how many rows, and which. */
export interface SplitPart {
  readonly name: string;
  readonly rows: number;
  /** Of the ids, in any order. */
  readonly digest: Digest;
}

/** The splits of a registry's datasets. */
export interface DatasetSplits {
  /**
   * Checks a split for leakage and writes down what came of it, also when it leaks. Give the parts in the order in which
   * they are used; see `checkSplits`. @throws `state/not-found`, `input/invalid`
   */
  record(
    dataset: ReferenceLike,
    name: string,
    parts: Readonly<Record<string, Split>>,
    options?: CommandOptions,
  ): Promise<RecordedSplit>;
  /** All splits of a dataset, oldest first. */
  of(dataset: ReferenceLike): readonly RecordedSplit[];
  /** Whether these parts hold the very rows that were recorded. */
  matches(split: RecordedSplit, parts: Readonly<Record<string, Pick<Split, 'ids'>>>): Promise<boolean>;
}

const datasetSplit = z.object({
  dataset: word,
  name: word,
  parts: z.array(z.object({ name: word, rows: z.number(), digest })),
  verdict: z.enum(['pass', 'fail', 'insufficient']),
  leaks: z.array(
    z.object({
      kind: z.enum(['id', 'group', 'time', 'duplicate']),
      between: z.tuple([word, word]),
      rows: z.number(),
    }),
  ),
  digest,
  report: digest,
});

/** Recorded splits by id of the dataset. */
export const splitsProjection: Projection<Map<string, RecordedSplit[]>> = {
  id: 'registry.splits@1',
  init: () => new Map(),
  apply(state, event) {
    if (event.type === 'dataset.split') recorded(state, event);
    return state;
  },
  fork: (state) => new Map(Array.from(state, ([id, splits]) => [id, [...splits]])),
  snapshot: {
    encode: (state) => Array.from(state, ([id, splits]): Json => [id, splits.map(plainJson)]),
    decode: (json) => new Map(json as readonly [string, RecordedSplit[]][]),
  },
};

function recorded(state: Map<string, RecordedSplit[]>, event: LedgerEvent): void {
  const { data, success } = datasetSplit.safeParse(event.data);
  if (!success) return;
  const { actor: by, time, index: eventIndex } = event;
  const split: RecordedSplit = { ...data, sentence: sentenceOf(data), by, time, eventIndex };
  const known = state.get(data.dataset);
  if (known === undefined) state.set(data.dataset, [split]);
  else known.push(split);
}

/** Opens the recorded splits of a registry. */
export async function datasetSplits(doors: RegistryDoors): Promise<DatasetSplits> {
  const { ledger, blobs } = doors;
  await ledger.use(splitsProjection);
  const of = (reference: ReferenceLike) => ledger.state(splitsProjection).get(idOf(reference)) ?? [];
  return {
    record: storing(doors, async (reference, name, parts, options = {}) => {
      const dataset = idOf(reference);
      const report = checkSplits(parts);
      const facts = {
        dataset,
        name: parseName(name, 'split name'),
        parts: await partsOf(parts),
        verdict: report.verdict,
        leaks: report.leaks.map(({ samples: _, ...leak }) => leak),
      };
      if (facts.parts.length > MAX_PARTS) throw invalidInput('parts', `at most ${MAX_PARTS} parts`, facts.parts.length);
      const data = plainJson({
        ...facts,
        digest: digestJson(facts),
        report: await putJson(blobs, plainJson(report), options),
      });
      const { events } = await act(
        doors,
        (view) => {
          if (findDataset(view.state(datasetsProjection), dataset) === undefined) throw notFound('dataset', dataset);
          return { events: [{ type: 'dataset.split', data }], result: undefined };
        },
        options,
        () => undefined,
      );
      return of(dataset).find(({ eventIndex }) => eventIndex === events[0]!.index)!;
    }),
    of: (reference) => [...of(reference)],
    async matches(split, parts) {
      return digestJson(await partsOf(parts)) === digestJson(split.parts);
    },
  };
}

/** More make no sense, and a leak may stand between any two of them. */
const MAX_PARTS = 20;

function partsOf(parts: Readonly<Record<string, Pick<Split, 'ids'>>>): Promise<SplitPart[]> {
  return Promise.all(
    Object.entries(parts).map(async ([name, { ids }]) => {
      const sorted = Array.from(ids, (id) => JSON.stringify(id)).sort();
      return { name, rows: ids.length, digest: (await digestStream(lines(sorted))).digest };
    }),
  );
}

/** Ten thousand ids at a time: three million of them need not be one string. */
async function* lines(ids: readonly string[]): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < ids.length; at += 10_000) yield encodeUtf8(`${ids.slice(at, at + 10_000).join('\n')}\n`);
}

function sentenceOf({ parts, leaks }: Pick<RecordedSplit, 'parts' | 'leaks'>): string {
  const rows = parts.map((part) => `${part.rows} ${part.name}`).join(', ');
  const found = leaks.map(
    ({ kind, between: [a, b], rows: n }) => `${n} by ${kind} ${a === b ? `in ${a}` : `from ${a} to ${b}`}`,
  );
  return `${rows}; ${found.length === 0 ? 'nothing leaks' : `leaks: ${found.join(', ')}`}.`;
}

function idOf(reference: ReferenceLike): string {
  const { name, number } = parseReference(reference, 'dataset');
  return referenceId(name, number);
}
