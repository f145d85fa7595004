/** An answer that is not given, as a value: the request was fine, the model should not be asked or believed. */
export interface Abstained {
  readonly abstained: true;
  readonly guard: string;
  readonly reason: string;
}

/** Looks at what goes in and what comes out. A returned text is the reason to abstain. */
export interface Guard<I, O> {
  readonly name: string;
  input?(input: I): string | undefined;
  output?(output: O, input: I): string | undefined;
}

/** True for an answer that a guard held back. */
export function isAbstained(output: unknown): output is Abstained {
  return typeof output === 'object' && output !== null && 'abstained' in output && output.abstained === true;
}
