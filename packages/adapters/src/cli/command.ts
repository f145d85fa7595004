import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { invalidInput, isMillwrightError, MillwrightError } from '@millwright/core';
import { openRegistry, type Registry } from '@millwright/registry';
import { folder } from '../fs.js';

/** What a command says: a person reads `lines`, a program reads `json`. */
export interface Answer {
  readonly lines: readonly string[];
  readonly json: unknown;
  /** Default `ok`. */
  readonly exit?: keyof typeof EXIT | undefined;
}

/** What is printed of it. */
export function printed({ lines, json }: Pick<Answer, 'lines' | 'json'>, asJson: boolean): string {
  return asJson ? JSON.stringify(json) : lines.join('\n');
}

/** Exit codes. They do not change. */
export const EXIT = {
  ok: 0,
  /** It was looked at, and the answer is no: a failed validation, a blocked gate, drift, a ledger that does not verify. */
  no: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Not enough evidence for an answer. */
  insufficient: 3,
  /** A rule or a precondition refused it. */
  refused: 4,
  /** It could not be done: a file, the storage, a library that is missing. */
  failed: 5,
} as const;

export type Options = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>;

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the command's name: `<model> <file...>`. */
  readonly usage: string;
  readonly options?: Options | undefined;
  /** How many arguments it takes: at least, at most. */
  readonly takes: readonly [number, number];
  run(call: Call): Promise<Answer>;
}

/** One call of a command: what was typed, and what it may use. */
export interface Call {
  readonly args: readonly string[];
  text(option: string): string | undefined;
  flag(option: string): boolean;
  /** A fraction or another number that was given as text. @throws `input/invalid` */
  number(option: string): number | undefined;
  readonly actor: string;
  /**
   * Opens the registry of the chosen folder, and closes it after `use`.
   * @throws `state/not-found` where there is none, unless `begin` says to start one
   */
  registry<T>(use: (registry: Registry) => Promise<T>, options?: { readonly begin?: boolean }): Promise<T>;
  /** Says something before the command has ended. */
  announce(answer: Pick<Answer, 'lines' | 'json'>): void;
  /** Resolves when whoever started the command wants it to end. */
  stopped(): Promise<void>;
  /** Says how far it is, on a terminal in place, elsewhere in lines. */
  progress(done: number, total: number, what: string): void;
}

/** An option that must be there. @throws `input/invalid` */
export function required(call: Call, option: string): string {
  const value = call.text(option);
  if (value === undefined) throw invalidInput(`--${option}`, 'to be given', undefined);
  return value;
}

/** Options of every command. */
export const COMMON = {
  store: { type: 'string' },
  actor: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

export interface Surroundings {
  readonly store: string;
  readonly actor: string;
  out(text: string): void;
  /** Resolves when a command should end that would go on for ever; only such commands ask. Default: never. */
  stopped?(): Promise<void>;
  progress(done: number, total: number, what: string): void;
}

/** Reads the command line of one command. @throws `input/invalid` for what it does not take */
export function parseCall(command: Command, argv: readonly string[], around: Surroundings) {
  const { values, positionals: args } = parsed(command, argv);
  const [least, most] = command.takes;
  const help = values['help'] === true;
  if (!help && (args.length < least || args.length > most))
    throw invalidInput('arguments', command.usage === '' ? 'none' : command.usage, args.join(' ') || 'none');
  const text = (option: string) => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  const actor = text('actor') ?? around.actor;
  const json = values['json'] === true;
  const call: Call = {
    args,
    text,
    flag: (option) => values[option] === true,
    number(option) {
      const value = text(option);
      if (value === undefined) return undefined;
      if (value.trim() === '' || !Number.isFinite(Number(value))) throw invalidInput(option, 'a number', value);
      return Number(value);
    },
    actor,
    async registry(use, { begin = false } = {}) {
      const path = text('store') ?? around.store;
      if (!begin && !existsSync(path)) throw noRegistry(path);
      await using registry = await openRegistry(folder(path), { actor });
      return await use(registry);
    },
    announce: (answer) => around.out(printed(answer, json)),
    stopped: () => around.stopped?.() ?? new Promise(() => undefined),
    progress: around.progress,
  };
  return { call, json, help };
}

function parsed(
  command: Command,
  argv: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...argv], options: { ...command.options, ...COMMON }, allowPositionals: true });
  } catch (error) {
    throw invalidInput('arguments', command.usage, error instanceof Error ? error.message : String(error));
  }
}

/** Looking must not make what it looks for: a folder with a typing error would verify. */
function noRegistry(path: string): MillwrightError<'state/not-found'> {
  return new MillwrightError(
    'state/not-found',
    `There is no registry in \`${path}\`. Name its folder with --store, or start one with \`millwright init\`.`,
    { details: { what: 'registry', id: path } },
  );
}

/** The exit code of a failure: who made the mistake decides. */
export function exitOf(error: unknown): number {
  if (!isMillwrightError(error)) return EXIT.failed;
  if (error.code.startsWith('input/') || error.code === 'validation/plan') return EXIT.usage;
  return REFUSALS.has(error.code) ? EXIT.refused : EXIT.failed;
}

const REFUSALS: ReadonlySet<string> = new Set([
  'registry/denied',
  'registry/exists',
  'registry/lifecycle',
  'state/not-found',
  'state/precondition',
  'rollout/state',
]);
