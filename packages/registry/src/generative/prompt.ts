import { type Abortable, type Digest, defined, digestJson, type JsonObject, MillwrightError } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import {
  type CheckedFields,
  type Contract,
  checkInput,
  column,
  defineContract,
  type Fields,
  type InputOf,
  violated,
} from '@millwright/core/contract';
import { plainJson } from '../json-blob.js';
import { type ArtifactVersion, documentFile, readDocument } from './document.js';

/** One message of a prompt. */
export interface PromptMessage {
  /** `system`, `user`, `assistant`, or what the model's interface calls it. */
  readonly role: string;
  /** `{{name}}` stands for a variable, `\{{` for the two braces themselves. */
  readonly text: string;
}

/** Messages with variables, and the model that they are written for. */
export interface PromptDefinition<V extends Fields = Fields> {
  readonly messages: readonly PromptMessage[];
  /** What each variable may be, in the words of contracts. Those with a fallback may be left out. */
  readonly variables: V;
  /** The model that it is written for: `acme/large@2026-01-15`. */
  readonly model?: string | undefined;
  /** Temperature, stop words and whatever else changes answers. */
  readonly parameters?: JsonObject | undefined;
}

/** A prompt: a template with declared variables, immutable, with a digest. */
export interface Prompt<V extends Fields = Fields> extends PromptDefinition<V> {
  /** Of messages, variables, model and parameters. */
  readonly digest: Digest;
  /** Of the variables, for compatibility between versions. */
  readonly contract: Contract<V>;
  /** Kind, files and contract for `models.register`. */
  readonly version: ArtifactVersion & { readonly contract: Contract };
  /**
   * The messages with the variables filled in. Values are text and nothing else: braces in them are not read again, and no
   * value can start another message. @throws `contract/violated` for variables that are missing, unknown or do not fit
   */
  render(values: InputOf<Contract<V>>): readonly PromptMessage[];
}

/**
 * Defines a prompt. Every variable that is used is declared, and every one that is declared is used.
 *
 * @throws `contract/invalid`
 * @example
 * const prompt = definePrompt({
 *   messages: [{ role: 'user', text: 'Say in {{words}} words: {{report}}' }],
 *   variables: { words: column.integer({ min: 5, max: 200 }), report: column.text({ maxLength: 20_000 }) },
 * });
 * await registry.models.register('summary', { ...prompt.version, owner: 'docs' });
 */
export function definePrompt<const V extends Fields>(definition: PromptDefinition<V>): Prompt<V> {
  const { messages, variables, model, parameters } = definition;
  const contract = defineContract({ inputs: variables, outputs: { text: column.text() }, unknownFields: 'refuse' });
  if (messages.length === 0) throw invalid('messages', 'expected at least one message');
  const templates = messages.map((message, i) => parse(message, `messages[${i}]`));
  const used = new Set(templates.flatMap(({ pieces }) => pieces.flatMap((piece) => piece.variable ?? [])));
  for (const name of used)
    if (!Object.hasOwn(variables, name))
      throw invalid(`variables.${name}`, 'the template uses it and nothing declares it');
  for (const [name, { type }] of Object.entries(variables)) {
    if (!used.has(name)) throw invalid(`variables.${name}`, 'it is declared and the template does not use it');
    if (type === 'tensor') throw invalid(`variables.${name}`, 'a tensor has no text');
  }
  const body = plainJson({
    format: FORMAT,
    messages: messages.map(({ role, text }) => ({ role, text })),
    variables,
    ...defined({ model, parameters }),
  });
  return {
    messages,
    variables,
    ...defined({ model, parameters }),
    digest: digestJson(body),
    contract,
    version: { kind: 'prompt', files: { [FILE]: documentFile(body, MEDIA_TYPE) }, contract },
    render(values) {
      const checked = checkInput(contract, values);
      if (!checked.ok) throw violated(checked.violations);
      return templates.map(({ role, pieces }) => ({ role, text: fill(pieces, variables, checked.value) }));
    },
  };
}

/** The prompt of a version, from its verified files. @throws `contract/invalid`, `state/not-found` for another kind of artifact */
export async function openPrompt(artifact: VerifiedArtifact, options?: Abortable): Promise<Prompt> {
  const { messages, variables, model, parameters } = await readDocument<PromptDocument>(
    artifact,
    FILE,
    FORMAT,
    options,
  );
  return definePrompt({ messages, variables, model, parameters });
}

const FORMAT = 'millwright.prompt/1';
const FILE = 'prompt.json';
const MEDIA_TYPE = 'application/vnd.millwright.prompt+json';

type PromptDocument = { readonly messages: readonly PromptMessage[]; readonly variables: Fields } & Pick<
  PromptDefinition,
  'model' | 'parameters'
>;

interface Template {
  readonly role: string;
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly text: string;
  /** The variable that follows the text. */
  readonly variable?: string | undefined;
}

function parse({ role, text }: PromptMessage, path: string): Template {
  if (typeof role !== 'string' || role === '') throw invalid(`${path}.role`, 'expected a word');
  if (typeof text !== 'string' || !text.isWellFormed()) throw invalid(`${path}.text`, 'expected well-formed text');
  const pieces: Piece[] = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('{{', at);
    if (open < 0) {
      plain += text.slice(at);
      break;
    }
    if (text[open - 1] === '\\' && open > at) {
      plain += `${text.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf('}}', open);
    const variable = close < 0 ? '' : text.slice(open + 2, close).trim();
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(variable))
      throw invalid(`${path}.text`, `expected \`{{name}}\` at ${open}; write \`\\{{\` for the braces themselves`);
    pieces.push({ text: plain + text.slice(at, open), variable });
    plain = '';
    at = close + 2;
  }
  return { role, pieces: [...pieces, { text: plain }] };
}

function fill(pieces: readonly Piece[], variables: Fields, values: CheckedFields<Fields>): string {
  return pieces
    .map(({ text, variable }) =>
      variable === undefined ? text : text + written(values[variable], variables[variable]!.type),
    )
    .join('');
}

/** Absent is nothing, a point in time is ISO 8601. */
function written(value: unknown, type: Fields[string]['type']): string {
  if (value === null || value === undefined) return '';
  return type === 'timestamp' ? new Date(Number(value)).toISOString() : String(value);
}

function invalid(path: string, reason: string): MillwrightError<'contract/invalid'> {
  return new MillwrightError('contract/invalid', `The prompt is not well formed at \`${path}\`: ${reason}.`, {
    details: { path, reason },
  });
}
