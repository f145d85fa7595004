import type { Verdict } from '@millwright/core';

const MARKS: Readonly<Record<Verdict, readonly [string, string]>> = {
  pass: ['✓', 'pass'],
  fail: ['✗', 'fail'],
  insufficient: ['?', 'not enough evidence'],
};

/** A verdict as a sign and a word: never by colour alone. */
export function VerdictMark({ of }: { readonly of: Verdict | undefined }) {
  if (of === undefined || !Object.hasOwn(MARKS, of)) return null;
  const [sign, word] = MARKS[of];
  return (
    <span class={`verdict ${of}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

const DRIFT = {
  drift: ['✗', 'drift', 'fail'],
  noDrift: ['✓', 'no drift', 'pass'],
  insufficient: ['?', 'not enough rows', 'insufficient'],
} as const;

/** What a window or a check of it came to, as a sign and a word. */
export function DriftMark({ of }: { readonly of: keyof typeof DRIFT }) {
  const [sign, word, tone] = DRIFT[of];
  return (
    <span class={`verdict ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
