import { canonicalJson, type Digest, digestJson, invalidInput, parseDigest } from '@millwright/core';
import * as z from 'zod/mini';
import type { EvaluationReport, Group } from '../compare/report.js';
import { isSlice, showPlace } from '../report/sentence.js';

/** The figures that somebody looked at and accepted: a file in the repository, changed only by blessing again. */
export interface Baseline {
  readonly schema: 'millwright.baseline@1';
  /** The model whose figures these are. */
  readonly model: string;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The report that they come from, and its rows. */
  readonly report: Digest;
  readonly truth: Digest;
  readonly figures: readonly BlessedFigure[];
  /** Of all of the above: a file edited by hand is no baseline. */
  readonly digest: Digest;
}

/** One figure that was accepted, with its interval where it has one. */
export interface BlessedFigure {
  /** The pinned definition: `sklearn.recall.binary@1`. */
  readonly id: string;
  /** `origin = SFO`; absent for all rows. */
  readonly slice?: string | undefined;
  readonly value: number;
  /** Rows that it is about. */
  readonly n: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

/** Who accepts which figures, and why. */
export interface BlessOptions {
  readonly by: string;
  /** Why these figures are accepted. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Whose figures. Default `challenger`. */
  readonly of?: 'champion' | 'challenger' | undefined;
}

/** Accepts a report's figures as the baseline that later gates compare with. @throws `input/invalid` without a name or a reason */
export function bless(report: EvaluationReport, options: BlessOptions): Baseline {
  const { by, reason, time, of = 'challenger' } = options;
  if (by.trim() === '') throw invalidInput('by', 'the name of who blesses', by);
  if (reason.trim() === '') throw invalidInput('reason', 'why these figures are accepted', reason);
  const groups: readonly Group[] = [report.overall, ...report.slices];
  const figures = groups.flatMap((group) =>
    group.metrics.flatMap(({ id, [of]: measure }): BlessedFigure[] =>
      measure.value === undefined
        ? []
        : [
            {
              id,
              ...(isSlice(group) ? { slice: showPlace(group) } : {}),
              value: measure.value,
              n: measure.n,
              ...measure.interval,
            },
          ],
    ),
  );
  const body = {
    schema: 'millwright.baseline@1' as const,
    model: report[of],
    by,
    reason,
    time,
    report: report.digest,
    truth: report.inputs['truth']!,
    figures,
  };
  return { ...body, digest: digestJson(body) };
}

/** The file to commit: one figure per line, so that a change can be reviewed. */
export function formatBaseline({ figures, ...head }: Baseline): string {
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${canonicalJson(value)},`);
  return `{\n${lines.join('\n')}\n  "figures": [\n${figures.map((f) => `    ${canonicalJson(f)}`).join(',\n')}\n  ]\n}\n`;
}

/** Reads the committed file. @throws `input/invalid` for another shape, or figures that do not fit the digest */
export function parseBaseline(text: string): Baseline {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw invalidInput('baseline', 'JSON', cause instanceof Error ? cause.message : cause);
  }
  const parsed = baselineSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidInput(
      `baseline.${issue?.path.map(String).join('.') ?? ''}`,
      'a baseline file',
      issue?.message ?? given,
    );
  }
  const { digest, ...body } = parsed.data;
  if (digestJson(body) !== digest)
    throw invalidInput(
      'baseline.digest',
      'the digest of what the file says',
      digest,
      'Do not edit a baseline: `bless` a report.',
    );
  return { ...body, report: parseDigest(body.report), truth: parseDigest(body.truth), digest: parseDigest(digest) };
}

const text = z.string().check(z.minLength(1));
const number = z.optional(z.number());
const baselineSchema = z.strictObject({
  schema: z.literal('millwright.baseline@1'),
  model: text,
  by: text,
  reason: text,
  time: z.number(),
  report: text,
  truth: text,
  figures: z.array(
    z.strictObject({
      id: text,
      slice: z.optional(text),
      value: z.number(),
      n: z.number(),
      lower: number,
      upper: number,
    }),
  ),
  digest: text,
});
