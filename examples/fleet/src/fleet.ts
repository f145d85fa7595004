import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { MODEL, type Parcel } from './factory.js';

/** Processes that serve the model, and what a load balancer in front of them would do. */
export interface Fleet extends AsyncDisposable {
  /** Starts a process, or starts it again; resolves with the version that it serves. */
  start(name: string): Promise<string>;
  /** SIGKILL: it can neither finish nor say anything. */
  kill(name: string): Promise<void>;
  /** Tells everybody to take part in a rollout; who starts later hears it then. */
  rollOut(challenger: string): void;
  /** Asks one process after the other until one answers. Gives the version that answered; undefined when it could not. */
  ask(parcel: Parcel, unit: string): Promise<string | undefined>;
}

export function openFleet(url: string): Fleet {
  const replicas = new Map<string, { readonly child: ChildProcess; readonly port: number }>();
  let running: string | undefined;
  let turn = 0;

  return {
    async start(name) {
      const child = fork(new URL('replica.ts', import.meta.url), [
        url,
        name,
        ...(running === undefined ? [] : [running]),
      ]);
      const [port] = (await once(child, 'message')) as [number];
      replicas.set(name, { child, port });
      const response = await fetch(`http://127.0.0.1:${port}/endpoints/${MODEL}`);
      return ((await response.json()) as { model: string }).model;
    },
    async kill(name) {
      const { child } = replicas.get(name)!;
      replicas.delete(name);
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    rollOut(challenger) {
      running = challenger;
      for (const { child } of replicas.values()) child.send(challenger);
    },
    async ask(input, unit) {
      for (let tries = 0; ; tries++) {
        const { port } = [...replicas.values()][turn++ % replicas.size]!;
        try {
          const response = await fetch(`http://127.0.0.1:${port}/endpoints/${MODEL}/predict`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ input, unit }),
          });
          await response.arrayBuffer();
          return response.ok ? response.headers.get('millwright-model')! : undefined;
        } catch (error) {
          if (tries === MAX_TRIES) throw error;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of replicas.values()) child.kill('SIGKILL');
    },
  };
}

const MAX_TRIES = 5;
