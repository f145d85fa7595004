import { readFileSync } from 'node:fs';

/** Ids of the processes that a process (this one) has started and that have not ended. Linux only. */
export function childrenOf(pid: number = process.pid): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** False for one that has ended and that nobody has asked for its exit code. Linux only. */
export function isRunning(pid: number): boolean {
  try {
    // The name may hold anything; the state is behind its bracket.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)![0] !== 'Z';
  } catch {
    return false;
  }
}
