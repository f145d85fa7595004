import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { latencyHistogram } from '@millwright/core/telemetry';
import { afterAll, expect, test, vi } from 'vitest';
import { program } from '../support/program.js';
import { prepareRegistry } from './fleet.js';

const RATE = 2_000;
const SECONDS = 10;

const scratch = mkdtempSync(join(tmpdir(), 'millwright-blue-green-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Answer {
  readonly sentAt: number;
  readonly doneAt: number;
  /** The version that answered, or what went wrong. */
  readonly version: string;
}

test(`blue-green at ${RATE} requests a second: none fails, none is answered by two versions`, {
  timeout: 60_000,
}, async () => {
  const store = { kind: 'folder', root: join(scratch, 'factory') } as const;
  const registry = await prepareRegistry(store);
  await registry[Symbol.asyncDispose]();
  const child = spawn(
    process.execPath,
    [program(join(import.meta.dirname, 'web.ts'), scratch), JSON.stringify(store)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const said = new Map<string, number>();
    const port = await new Promise<number>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { port, status } = JSON.parse(line) as { readonly port?: number; readonly status?: string };
        if (port !== undefined) resolve(port);
        if (status !== undefined) said.set(status, performance.now());
      });
    });
    const answers = await load(port);
    await vi.waitFor(() => expect([...said.keys()]).toEqual(['baking', 'completed']), { timeout: 30_000 });
    const latency = latencyHistogram();
    for (const { sentAt, doneAt } of answers) latency.record(doneAt - sentAt);

    expect(answers.length).toBe(RATE * SECONDS);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['flight@1', 'flight@2']));
    // The cutover is one moment: whoever asks after somebody has been answered by the new version gets it too.
    const first = Math.min(...answers.filter(({ version }) => version === 'flight@2').map(({ doneAt }) => doneAt));
    expect(answers.filter(({ sentAt, version }) => sentAt > first && version === 'flight@1')).toEqual([]);
    const each = answers.filter(({ version }) => version === 'flight@2').length;
    const { p50, p99 } = latency.summary();
    const shown = [p50, p99].map((ms) => ms?.toFixed(1)).join(', ');
    process.stdout.write(
      `blue-green: ${answers.length} requests, ${each} by the new version, 0 failed; p50 and p99: ${shown} ms\n`,
    );
  } finally {
    child.kill('SIGKILL');
  }
});

/** Sends what is due, whether or not what was sent before has been answered. */
async function load(port: number): Promise<readonly Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const answers: Promise<Answer>[] = [];
  const begin = performance.now();
  while (answers.length < RATE * SECONDS) {
    const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - begin) / 1_000) * RATE));
    while (answers.length < due) answers.push(ask(port, agent, answers.length));
    await wait(2);
  }
  const all = await Promise.all(answers);
  agent.destroy();
  return all;
}

function ask(port: number, agent: Agent, number: number): Promise<Answer> {
  const sentAt = performance.now();
  return new Promise((resolve) => {
    const end = (version: string) => resolve({ sentAt, doneAt: performance.now(), version });
    const request = get({ port, host: '127.0.0.1', path: `/unit-${number % 5_000}`, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => end(response.statusCode === 200 ? versionOf(text) : `${response.statusCode}: ${text}`));
      response.on('error', (error) => end(String(error)));
    });
    request.on('error', (error) => end(String(error)));
  });
}

function versionOf(text: string): string {
  const { output, served } = JSON.parse(text) as {
    readonly output: { readonly version: number };
    readonly served: string;
  };
  return served === `flight@${output.version}` ? served : `mixed: ${text}`;
}
