import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A server process that this process started, with its output in a file. */
export interface ServerProcess {
  readonly pid: number;
  /** What it has written so far. */
  output(): string;
  /** Asks it to end, and ends it after five seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** A fresh folder and the processes that live in it; `end` stops those, in reverse order, and removes the folder. */
export interface Scratch {
  readonly folder: string;
  start(command: string, args: readonly string[], options?: { uid?: number; gid?: number }): ServerProcess;
  end(): Promise<void>;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Whatever way this process ends, except by SIGKILL, no server and no folder of its own stays behind. */
function cleanUp(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.once('exit', cleanUp);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    cleanUp();
    process.kill(process.pid, signal);
  });

export function scratch(name: string): Scratch {
  const folder = mkdtempSync(join(tmpdir(), `millwright-${name}-`));
  folders.add(folder);
  const started: ServerProcess[] = [];
  return {
    folder,
    start(command, args, options = {}) {
      const log = join(folder, `${started.length}.output`);
      const output = openSync(log, 'a');
      const child = spawn(command, args, { ...options, cwd: folder, stdio: ['ignore', output, output] });
      running.add(child);
      const ended = new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.once('error', () => resolve());
      }).finally(() => running.delete(child));
      const server: ServerProcess = {
        pid: child.pid ?? -1,
        output: () => readFileSync(log, 'utf8'),
        async stop(signal = 'SIGTERM') {
          if (!running.has(child)) return;
          child.kill(signal);
          if (await Promise.race([ended.then(() => true), wait(5_000, false, { ref: false })])) return;
          child.kill('SIGKILL');
          await ended;
        },
      };
      started.push(server);
      return server;
    },
    async end() {
      for (const server of started.toReversed()) await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      folders.delete(folder);
    },
  };
}

/** Runs a command to its end and gives what it printed. */
export function command(
  program: string,
  args: readonly string[],
  options: { uid?: number; gid?: number; cwd?: string } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status ?? error}: ${stdout}${stderr}`);
  return stdout;
}

/** Asks until the answer is yes. */
export async function until(what: string, ready: () => Promise<boolean>, server: ServerProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await ready().catch(() => false)) return;
    await wait(100);
  }
  throw new Error(`${what} was not ready after 60 s: ${server.output().slice(-2_000)}`);
}

/**
 * Ports that were free a moment ago, below those that the system gives to outgoing connections: one of these might be
 * gone before the server has started.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    const port = 20_000 + Math.floor(10_000 * Math.random());
    if (await isFree(port)) ports.add(port);
    else if (tries > 1_000) throw new Error('No free port between 20,000 and 30,000.');
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name)));
}
