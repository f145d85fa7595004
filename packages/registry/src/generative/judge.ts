import { type Abortable, defined, invalidInput, type JsonObject } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import { identify, type Judge, type JudgeIdentity } from '../evaluation/findings/judge.js';
import { plainJson } from '../json-blob.js';
import { MAX_WORD, parseStatement, parseText } from '../text.js';
import { type ArtifactVersion, documentFile, readDocument } from './document.js';

/** Everything that a judge's verdicts depend on, as data. */
export interface JudgeDefinition {
  /** Which model answers, with its version: `acme/large@2026-01-15`. */
  readonly model: string;
  readonly prompt: string;
  /** What counts as better. */
  readonly rubric: string;
  readonly parameters?: JsonObject | undefined;
  /** `swap` asks every pair in both orders. Default `swap`. */
  readonly order?: 'swap' | 'once' | undefined;
}

/** A judge's configuration, with the identity that its reports name. */
export interface JudgeConfiguration extends JudgeDefinition {
  readonly identity: JudgeIdentity;
  /** Kind and files for `models.register`. */
  readonly version: ArtifactVersion;
  /** The judge for `judgePairs`, with the functions that reach the model. */
  judge<I, A>(calls: Pick<Judge<I, A>, 'ask' | 'read'>): Judge<I, A>;
}

/** Defines a judge. @throws `input/invalid`, `input/too-large` */
export function defineJudge(definition: JudgeDefinition): JudgeConfiguration {
  const { order = 'swap', parameters } = definition;
  if (order !== 'swap' && order !== 'once') throw invalidInput('order', '`swap` or `once`', order);
  const body = plainJson({
    model: parseStatement(definition.model, 'model', MAX_WORD),
    prompt: parseText(definition.prompt, 'prompt', MAX_PROMPT),
    rubric: parseStatement(definition.rubric, 'rubric', MAX_PROMPT),
    order,
    ...defined({ parameters }),
  });
  const facts = { ...definition, order };
  return {
    ...facts,
    identity: identify(facts),
    version: { kind: 'judge', files: { [FILE]: documentFile({ format: FORMAT, ...body }, MEDIA_TYPE) } },
    judge: (calls) => ({ ...facts, ...calls }),
  };
}

/** The judge of a version, from its verified files. @throws `contract/invalid`, `state/not-found` for another kind of artifact */
export async function openJudge(artifact: VerifiedArtifact, options?: Abortable): Promise<JudgeConfiguration> {
  const { model, prompt, rubric, parameters, order } = await readDocument<JudgeDefinition>(
    artifact,
    FILE,
    FORMAT,
    options,
  );
  return defineJudge({ model, prompt, rubric, order, ...defined({ parameters }) });
}

const FORMAT = 'millwright.judge/1';
const FILE = 'judge.json';
const MEDIA_TYPE = 'application/vnd.millwright.judge+json';
const MAX_PROMPT = 200_000;
