/** What a person watches: headings, lines that stand, one line of progress that is written over. */
export interface Screen {
  heading(text: string): void;
  line(text: string): void;
  /** `done` of `total`; on a terminal one line that moves, elsewhere nothing until it is done. */
  progress(what: string, done: number, total: number): void;
}

export function screen(out: NodeJS.WriteStream = process.stdout): Screen {
  const terminal = out.isTTY === true;
  const bold = (text: string) => (terminal ? `\u001b[1m${text}\u001b[0m` : text);
  const started = performance.now();
  let open = false;
  const close = () => {
    if (open) out.write('\r\u001b[2K');
    open = false;
  };
  return {
    heading(text) {
      close();
      out.write(`\n${bold(text)}  ${((performance.now() - started) / 1_000).toFixed(1)} s\n`);
    },
    line(text) {
      close();
      out.write(`  ${text}\n`);
    },
    progress(what, done, total) {
      if (!terminal) return;
      open = true;
      out.write(`\r\u001b[2K  ${what} ${Math.floor((100 * done) / total)} %`);
    },
  };
}

export const count = (n: number): string => n.toLocaleString('en-US');
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
export const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
