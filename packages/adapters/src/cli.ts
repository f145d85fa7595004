import { isMillwrightError } from '@millwright/core';
import { COMMON, type Command, EXIT, exitOf, parseCall, printed, type Surroundings } from './cli/command.js';
import { openConsole } from './cli/commands/console.js';
import { drift, evaluate, validate } from './cli/commands/data.js';
import { doctor } from './cli/commands/doctor.js';
import { gc, report, verify } from './cli/commands/ledger.js';
import { history, init, models, promote, register, rollback } from './cli/commands/models.js';
import { rollout } from './cli/commands/rollout.js';
import { table } from './cli/words.js';

export { EXIT } from './cli/command.js';

/** Where a command line writes to, and what it finds around it. */
export interface CliOptions extends Surroundings {
  error(text: string): void;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    init,
    register,
    models,
    validate,
    evaluate,
    drift,
    promote,
    rollback,
    history,
    rollout,
    report,
    verify,
    gc,
    doctor,
    console: openConsole,
  }),
);

/**
 * The command line `millwright`, as a function: what it prints goes to `out`, failures as one line to `error`.
 * @returns the exit code, one of `EXIT`
 */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    options.out(overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    options.error(`There is no command \`${name}\`. Commands: ${[...COMMANDS.keys()].join(', ')}.`);
    return EXIT.usage;
  }
  let asJson = rest.includes('--json');
  try {
    const { call, json, help } = parseCall(command, rest, options);
    asJson = json;
    if (help) {
      options.out(`millwright ${name} ${command.usage}\n${command.summary}\n${COMMON_USAGE}`);
      return EXIT.ok;
    }
    const answer = await command.run(call);
    options.out(printed(answer, json));
    return EXIT[answer.exit ?? 'ok'];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = isMillwrightError(error) ? error.code : 'unexpected';
    options.error(asJson ? JSON.stringify({ error: { code, message } }) : `${message} (${code})`);
    return exitOf(error);
  }
}

const COMMON_USAGE = Object.keys(COMMON)
  .map((option) => `--${option}`)
  .join(' ');

function overview(): string {
  const rows = [...COMMANDS].map(([name, { summary }]) => [`  ${name}`, summary]);
  return [
    'millwright <command>',
    '',
    ...table(['commands', ''], rows),
    '',
    `every command: ${COMMON_USAGE}`,
    'The folder is --store, else MILLWRIGHT_STORE, else ./factory.',
    'Exit codes: 0 yes, 1 no, 2 wrong command line, 3 not enough evidence, 4 refused, 5 failed.',
  ].join('\n');
}
