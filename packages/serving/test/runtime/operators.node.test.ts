import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { operatorCases, unsupportedCases } from '../support/operator-cases.js';
import type { CaseResult } from '../support/run-operators.js';

/**
 * Operators with outputs computed from their definitions, through onnxruntime itself and through our runtime, each in a
 * process of its own: what one can do the other can, and what neither can is refused instead of ending the process.
 */
const supported = operatorCases().map(({ name }) => name);
const unsupported = unsupportedCases().map(({ name }) => name);
let direct: Run;
let ours: Run;

beforeAll(async () => {
  [direct, ours] = await Promise.all([run('direct'), run('ours')]);
}, 120_000);

describe('operators', () => {
  test('are many, and none is meant twice', () => {
    expect(supported.length).toBeGreaterThanOrEqual(150);
    expect(new Set([...supported, ...unsupported]).size).toBe(supported.length + unsupported.length);
  });

  test('give what their definitions say', () => {
    const wrong = supported.filter((name) => ours.results.get(name) !== 'pass');
    expect(wrong.map((name) => [name, ours.results.get(name), direct.results.get(name)])).toEqual([]);
  });

  test('pass where they pass without us, and nowhere else', () => {
    const passed = ({ results }: Run) => [...results].filter(([, result]) => result === 'pass').map(([name]) => name);
    expect(passed(ours)).toEqual(passed(direct));
  });

  test.each(unsupported)('%s is refused before native code can do harm', (name) => {
    expect(['serving/unsupported', 'serving/no-provider']).toContain(ours.results.get(name));
    expect(direct.results.get(name)).not.toBe('pass');
  });

  test('never end the process that serves', () => {
    expect(ours.aborted).toEqual([]);
    // What there is to survive: onnxruntime 1.30 aborts on these.
    expect(direct.aborted).toEqual(['output of int4', 'output of uint4']);
  });
});

interface Run {
  readonly results: ReadonlyMap<string, string>;
  /** Cases that ended their process. */
  readonly aborted: readonly string[];
}

async function run(how: 'direct' | 'ours'): Promise<Run> {
  const names = [...supported, ...unsupported];
  const results = new Map<string, string>();
  const aborted: string[] = [];
  while (results.size < names.length) {
    for (const { name, result } of await child(how, results.size)) results.set(name, result);
    if (results.size === names.length) break;
    const name = names[results.size]!;
    aborted.push(name);
    results.set(name, 'aborted');
  }
  return { results, aborted };
}

function child(how: string, from: number): Promise<readonly CaseResult[]> {
  const script = join(import.meta.dirname, '../support/run-operators.ts');
  const started = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@millwright/source', script, how, String(from)],
    { stdio: ['ignore', 'pipe', 'ignore'] },
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
