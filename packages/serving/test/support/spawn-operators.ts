import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { CaseResult } from './run-operators.js';

export interface OperatorRun {
  /** By case: `pass`, `differs`, why it could not be run, or `aborted`. */
  readonly results: ReadonlyMap<string, string>;
  /** Cases that ended their process. */
  readonly aborted: readonly string[];
}

/** Runs the cases of these names in a child process, and in another from the one on that ended it. */
export async function runOperators(
  how: 'direct' | 'cpu' | 'webgpu',
  names: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<OperatorRun> {
  const results = new Map<string, string>();
  const aborted: string[] = [];
  while (results.size < names.length) {
    for (const { name, result } of await child(how, results.size, env)) results.set(name, result);
    if (results.size === names.length) break;
    const name = names[results.size]!;
    aborted.push(name);
    results.set(name, 'aborted');
  }
  return { results, aborted };
}

function child(how: string, from: number, env: Readonly<Record<string, string>>): Promise<readonly CaseResult[]> {
  const script = join(import.meta.dirname, 'run-operators.ts');
  const started = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millwright/source', script, how, String(from)],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } },
  );
  let lines = '';
  started.stdout.on('data', (chunk: Buffer) => {
    lines += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', () =>
      resolve(
        lines
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as CaseResult),
      ),
    );
  });
}
