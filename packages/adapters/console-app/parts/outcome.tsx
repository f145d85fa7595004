import type { ComponentChildren } from 'preact';

/** What a check came to, as a sign and words, and what it is about. */
export function Outcome({
  ok,
  words,
  children,
}: {
  readonly ok: boolean;
  readonly words: string;
  readonly children: ComponentChildren;
}) {
  return (
    <p class="outcome">
      <span class={`verdict ${ok ? 'pass' : 'fail'}`}>
        <span aria-hidden="true">{ok ? '✓' : '✗'}</span> {words}
      </span>{' '}
      {children}
    </p>
  );
}
