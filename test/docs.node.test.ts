import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';

/**
 * Every TypeScript block of the README and of the documentation runs. A block is a program of its own; the ```text block
 * that follows it, if any, is exactly what it prints. A block marked ```ts fragment continues the block before it.
 */
const root = resolve(import.meta.dirname, '..');
const scratch = join(root, 'docs', '.run');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('the guide of the site has every page', () => {
  const guide = readFileSync(join(root, 'docs/.vitepress/config.ts'), 'utf8');
  const names = pages.flatMap((page) => /^docs\/(.*)\.md$/.exec(page)?.[1] ?? []).filter((name) => name !== 'index');
  expect(names.filter((name) => !guide.includes(`'${name}'`))).toEqual([]);
});

it('the quickstart explains the program of the README, part by part', () => {
  const [readme, quickstart] = ['README.md', 'docs/quickstart.md'].map((page) => {
    const [first] = extract(readFileSync(join(root, page), 'utf8'));
    return [first!.code.replace(/\n+/g, '\n'), first!.output];
  });
  expect(quickstart).toEqual(readme);
});

describe.concurrent.each(pages)('%s', (page) => {
  const programs = extract(readFileSync(join(root, page), 'utf8'));

  it('has balanced code fences', () => {
    expect((readFileSync(join(root, page), 'utf8').match(/^```/gm) ?? []).length % 2).toBe(0);
  });

  it.each(programs)('line $line runs', { timeout: 120_000 }, async ({ line, code, output }) => {
    mkdirSync(scratch, { recursive: true });
    const file = join(scratch, `${page.replace(/\W/g, '-')}-${line}.ts`);
    writeFileSync(file, code);
    const { status, stdout, stderr } = await run(file);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    if (output !== undefined) expect(stdout.trim()).toBe(output.trim());
  });
});

/** A program in a process of its own, from the sources. */
async function run(file: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const program = spawn(process.execPath, ['--import', 'tsx', '--conditions=@millwright/source', file], {
    cwd: scratch,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => program.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr)]);
  return { status: await status, stdout, stderr };
}

interface Program {
  readonly line: number;
  readonly code: string;
  readonly output: string | undefined;
}

function extract(markdown: string): Program[] {
  const programs: { line: number; code: string; output: string | undefined }[] = [];
  for (const found of markdown.matchAll(/^```(ts|text)( fragment)?\n([\s\S]*?)^```/gm)) {
    const [, language, fragment, body] = found;
    const line = markdown.slice(0, found.index).split('\n').length;
    const previous = programs.at(-1);
    if (language === 'text') {
      if (previous !== undefined && previous.output === undefined) previous.output = body;
    } else if (fragment !== undefined && previous !== undefined) previous.code += body;
    else programs.push({ line, code: body ?? '', output: undefined });
  }
  return programs;
}
