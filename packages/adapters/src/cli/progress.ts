import type { Surroundings } from './command.js';

/** As much of a stream as progress needs. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  /** 0 when the terminal does not tell. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Progress as a bar that stays in its place on a terminal, and as a line for every tenth elsewhere. */
export function progressOn(stream: ProgressStream): Surroundings['progress'] {
  let shown = '';
  return (done, total, what) => {
    const fraction = total > 0 ? Math.min(done / total, 1) : 1;
    const percent = Math.floor(100 * fraction);
    const step = stream.isTTY === true ? percent : Math.floor(percent / 10);
    if (shown === `${what} ${step}`) return;
    const first = !shown.startsWith(`${what} `);
    shown = `${what} ${step}`;
    if (stream.isTTY !== true) {
      if (!first || step > 0) stream.write(`${done} of ${total} ${what}\n`);
      return;
    }
    const words = ` ${String(percent).padStart(3)} % of ${total} ${what}`;
    const width = Math.max(0, Math.min(40, (stream.columns || 80) - words.length - 1));
    const bar = '█'.repeat(Math.round(width * fraction)).padEnd(width, '░');
    stream.write(`\r\x1b[2K${bar}${words}${fraction === 1 ? '\n' : ''}`);
  };
}
