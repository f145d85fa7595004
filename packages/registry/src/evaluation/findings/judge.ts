import { type Abortable, type Digest, defined, digestBytes, digestJson, encodeUtf8 } from '@millwright/core';
import { type Difference, rateDifference } from '../compare/paired.js';
import { known, type Measure, unknown } from '../metrics/measure.js';
import { type Position, preferences, scoreOf } from './preference.js';

/** A model (or a person, or a rule) that says which of two answers is better, with everything that its verdicts depend on. */
export interface Judge<I = unknown, A = string> {
  /** Which model answers, with its version: `acme/large@2026-01-15`. */
  readonly model: string;
  /** The instructions; the report keeps their digest. */
  readonly prompt: string;
  /** What counts as better, with its version; the report keeps its digest. */
  readonly rubric: string;
  /** Temperature, seed and whatever else changes answers. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** `swap` asks every pair twice, with the answers in both orders. Default `swap`. */
  readonly order?: 'swap' | 'once' | undefined;
  /** Puts the question. What it throws is counted as a failed call. */
  readonly ask: (question: JudgeQuestion<I, A>, options: Abortable) => unknown;
  /** Reads the answer; `undefined` is counted as unparsable. Default: exactly `first`, `second` or `tie`. */
  readonly read?: ((answer: unknown) => Position | undefined) | undefined;
}

/** One question to the judge: which of two answers is better. It is asked in both orders. */
export interface JudgeQuestion<I, A> {
  readonly input: I;
  readonly first: A;
  readonly second: A;
}

/** Two answers to the same input. With `expected` it is an anchor: it checks the judge and says nothing about the models. */
export interface JudgedPair<I, A> {
  readonly id: string;
  readonly input: I;
  readonly champion: A;
  readonly challenger: A;
  readonly expected?: 'champion' | 'challenger' | 'tie' | undefined;
}

/** What the two sides are called, and how many pairs are asked at once. */
export interface JudgePairsOptions extends Abortable {
  /** Names of the models. Default `champion` and `challenger`. */
  readonly champion?: string | undefined;
  readonly challenger?: string | undefined;
  /** Pairs asked at the same time. Default 4. */
  readonly concurrency?: number | undefined;
}

/** What a call came to. */
export type Said = Position | 'unparsable' | 'failed';

/** What a pair came to: `inconsistent` when the two orders disagree, `undecided` when a call failed or could not be read. */
export type PairOutcome = 'champion' | 'challenger' | 'tie' | 'inconsistent' | 'undecided';

/** Who the judge is, by digest: preferences of judges with other digests must not be compared. */
export interface JudgeIdentity {
  readonly model: string;
  readonly prompt: Digest;
  readonly rubric: Digest;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly order: 'swap' | 'once';
  readonly digest: Digest;
}

/** What a judge said of all pairs: plain JSON without the texts. */
export interface JudgeReport {
  readonly schema: 'millwright.judge@1';
  readonly judge: JudgeIdentity;
  readonly champion: string;
  readonly challenger: string;
  /** Of the inputs and answers. */
  readonly pairsDigest: Digest;
  /** Every pair counts in exactly one class. */
  readonly pairs: Readonly<Record<PairOutcome, number>>;
  readonly calls: Readonly<Record<Said, number>>;
  /** (won - lost) / pairs of the challenger; an undecided pair counts as lost. */
  readonly difference?: Difference;
  /** Share of pairs judged alike in both orders. */
  readonly consistency: Measure;
  /** Share of decisions for the first position, and the chance of that without a bias. */
  readonly firstPosition: Measure;
  readonly firstPositionP: number;
  /** Share of anchors judged as expected. */
  readonly anchors: Measure;
  readonly outcomes: readonly { readonly id: string; readonly outcome: PairOutcome }[];
  readonly digest: Digest;
}

/**
 * Has a judge compare the answers of two models, each pair in both orders. A call that throws or answers something else is
 * a class of its own, never left out. Answers are data: they are read by `read` and by nothing else.
 *
 * @throws the signal's reason when aborted
 */
export async function judgePairs<I, A>(
  judge: Judge<I, A>,
  pairs: readonly JudgedPair<I, A>[],
  options: JudgePairsOptions = {},
): Promise<JudgeReport> {
  const { champion, challenger, concurrency, signal } = { ...DEFAULTS, ...defined(options) };
  const said = new Array<Judged>(pairs.length);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < pairs.length; i = next++) {
      signal?.throwIfAborted();
      said[i] = await judgePair(judge, pairs[i]!, { signal });
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, pairs.length)) }, work));
  const counts: Record<PairOutcome, number> = { champion: 0, challenger: 0, tie: 0, inconsistent: 0, undecided: 0 };
  const calls: Record<Said, number> = { first: 0, second: 0, tie: 0, unparsable: 0, failed: 0 };
  let [anchors, met] = [0, 0];
  pairs.forEach(({ expected }, i) => {
    const { outcome, forward, backward } = said[i]!;
    calls[forward]++;
    if (backward !== undefined) calls[backward]++;
    if (expected === undefined) counts[outcome]++;
    else {
      anchors++;
      if (outcome === expected) met++;
    }
  });
  const table = preferences(
    said.flatMap(({ forward, backward }) =>
      isPosition(forward) && (backward === undefined || isPosition(backward))
        ? [{ a: 'champion', b: 'challenger', forward, backward }]
        : [],
    ),
  );
  const difference = rateDifference({
    both: counts.tie + counts.inconsistent,
    onlyChampion: counts.champion + counts.undecided,
    onlyChallenger: counts.challenger,
    neither: 0,
  });
  const body = {
    schema: 'millwright.judge@1' as const,
    judge: identify(judge),
    champion,
    challenger,
    pairsDigest: digestJson(pairs.map(({ id, input, champion: a, challenger: b }) => [id, input, a, b])),
    pairs: counts,
    calls,
    ...(difference === undefined ? {} : { difference }),
    consistency: table.consistency,
    firstPosition: table.firstPosition,
    firstPositionP: table.firstPositionP,
    anchors: anchors > 0 ? known(met / anchors, anchors) : unknown('there is no anchor'),
    outcomes: pairs.map(({ id }, i) => ({ id, outcome: said[i]!.outcome })),
  };
  return { ...body, digest: digestJson(body) };
}

/** Who a judge is: the digests of what its answers depend on. */
export function identify(judge: Pick<Judge, 'model' | 'prompt' | 'rubric' | 'parameters' | 'order'>): JudgeIdentity {
  const body = {
    model: judge.model,
    prompt: digestBytes(encodeUtf8(judge.prompt)),
    rubric: digestBytes(encodeUtf8(judge.rubric)),
    parameters: judge.parameters ?? {},
    order: judge.order ?? 'swap',
  };
  return { ...body, digest: digestJson(body) };
}

const DEFAULTS = {
  champion: 'champion',
  challenger: 'challenger',
  concurrency: 4,
} as const satisfies JudgePairsOptions;

interface Judged {
  readonly forward: Said;
  readonly backward: Said | undefined;
  readonly outcome: PairOutcome;
}

/** Forward: the champion's answer first. */
async function judgePair<I, A>(
  judge: Judge<I, A>,
  { input, champion, challenger }: JudgedPair<I, A>,
  options: Abortable,
): Promise<Judged> {
  const forward = await call(judge, { input, first: champion, second: challenger }, options);
  const backward =
    judge.order === 'once' ? undefined : await call(judge, { input, first: challenger, second: champion }, options);
  return { forward, backward, outcome: outcomeOf(forward, backward) };
}

async function call<I, A>(judge: Judge<I, A>, question: JudgeQuestion<I, A>, options: Abortable): Promise<Said> {
  try {
    const answer = await judge.ask(question, options);
    const said = (judge.read ?? readPosition)(answer);
    return isPosition(said) ? said : 'unparsable';
  } catch {
    options.signal?.throwIfAborted();
    return 'failed';
  }
}

function outcomeOf(forward: Said, backward: Said | undefined): PairOutcome {
  if (!isPosition(forward) || (backward !== undefined && !isPosition(backward))) return 'undecided';
  const score = scoreOf({ forward, backward });
  if (score === 0.5)
    return forward === 'tie' && (backward === undefined || backward === 'tie') ? 'tie' : 'inconsistent';
  return score === 1 ? 'champion' : 'challenger';
}

function readPosition(answer: unknown): Position | undefined {
  const text = typeof answer === 'string' ? answer.trim().toLowerCase() : undefined;
  return isPosition(text) ? text : undefined;
}

function isPosition(said: unknown): said is Position {
  return said === 'first' || said === 'second' || said === 'tie';
}
