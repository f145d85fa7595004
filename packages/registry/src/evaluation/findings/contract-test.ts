import { type Abortable, type Digest, digestJson, type Predictor } from '@millwright/core';
import { type Contract, checkInput, checkOutput } from '@millwright/core/contract';

/** Which inputs are sent, and what must hold of every answer. */
export interface ContractTestOptions<I, O> extends Abortable {
  /** Which model this is: the report's challenger, `flight-delay@3`. */
  readonly subject: string;
  readonly contract: Contract;
  /** Inputs that keep the contract; others are counted and not sent. */
  readonly inputs: readonly I[];
  /** What must hold of every answer besides the contract: probabilities that add up, monotonicity. */
  readonly invariants?: Readonly<Record<string, (output: O, input: I) => boolean>> | undefined;
  /** Numbers of two answers to the same input may differ by this much. Default 0. */
  readonly tolerance?: number | undefined;
}

/** What a contract test found: plain JSON, without values. */
export interface ContractReport {
  readonly schema: 'millwright.contract-test@1';
  readonly subject: string;
  readonly contract: Digest;
  /** Inputs that were sent, each twice: all at once, then one by one in reverse order. */
  readonly checked: number;
  readonly invalidInputs: number;
  /** Inputs for which the predictor threw. */
  readonly failed: number;
  /** Answers that break the contract. */
  readonly violated: number;
  /** Inputs with two different answers: the batch, the order or chance decides. */
  readonly changed: number;
  /** Answers that break an invariant, by its name; an invariant that throws is broken. */
  readonly broken: Readonly<Record<string, number>>;
  /** The first of each, at most ten in all. */
  readonly samples: readonly { readonly row: number; readonly what: string }[];
  readonly digest: Digest;
}

/**
 * Checks what a predictor answers: the contract's outputs, own invariants, and that the same input gets the same answer
 * alone and among others. @throws the signal's reason when aborted
 */
export async function contractTest<I, O>(
  predictor: Predictor<I, O>,
  options: ContractTestOptions<I, O>,
): Promise<ContractReport> {
  const { subject, contract, inputs, invariants = {}, tolerance = 0, signal } = options;
  const samples: { row: number; what: string }[] = [];
  const note = (row: number, what: string) => {
    if (samples.length < MOST_SAMPLES) samples.push({ row, what });
  };
  const valid = [...inputs.entries()].filter(([row, input]) => {
    const checked = checkInput(contract, input);
    if (!checked.ok) note(row, `the input: ${sentenceOf(checked.violations)}`);
    return checked.ok;
  });
  const context = signal === undefined ? {} : { signal };
  const answer = async (input: I) => {
    signal?.throwIfAborted();
    try {
      return { output: await predictor.predict(input, context) };
    } catch (cause) {
      signal?.throwIfAborted();
      return { error: cause instanceof Error ? cause.name : typeof cause };
    }
  };
  const together = await Promise.all(valid.map(([, input]) => answer(input)));
  const alone = new Array<Awaited<ReturnType<typeof answer>>>(valid.length);
  for (let i = valid.length - 1; i >= 0; i--) alone[i] = await answer(valid[i]![1]);
  let [failed, violated, changed] = [0, 0, 0];
  const broken: Record<string, number> = Object.fromEntries(Object.keys(invariants).map((name) => [name, 0]));
  valid.forEach(([row, input], i) => {
    const [first, second] = [together[i]!, alone[i]!];
    if ('error' in first || 'error' in second) {
      failed++;
      note(row, `it threw ${('error' in first ? first.error : undefined) ?? ('error' in second ? second.error : '')}`);
      return;
    }
    const checked = checkOutput(contract, first.output);
    if (!checked.ok) {
      violated++;
      note(row, sentenceOf(checked.violations));
    }
    if (!same(first.output, second.output, tolerance)) {
      changed++;
      note(row, 'two answers differ');
    }
    for (const [name, holds] of Object.entries(invariants))
      if (!kept(holds, first.output, input)) {
        broken[name]!++;
        note(row, `${name} does not hold`);
      }
  });
  const body = {
    schema: 'millwright.contract-test@1' as const,
    subject,
    contract: digestJson(contract),
    checked: valid.length,
    invalidInputs: inputs.length - valid.length,
    failed,
    violated,
    changed,
    broken,
    samples,
  };
  return { ...body, digest: digestJson(body) };
}

const MOST_SAMPLES = 10;

function sentenceOf(violations: readonly { readonly path: string; readonly expected: string }[]): string {
  return violations.map(({ path, expected }) => `${path} is not ${expected}`).join(', ');
}

function kept<I, O>(holds: (output: O, input: I) => boolean, output: O, input: I): boolean {
  try {
    return holds(output, input) === true;
  } catch {
    return false;
  }
}

/** Equal but for numbers within the tolerance. */
function same(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Object.is(a, b) || Math.abs(a - b) <= tolerance;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b) || Array.isArray(a) || Array.isArray(b)) {
    const [first, second] = [listOf(a), listOf(b)];
    return first.length === second.length && first.every((value, i) => same(value, second[i], tolerance));
  }
  const [first, second] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return (
    first.size === second.size &&
    [...first].every(([key, value]) => second.has(key) && same(value, second.get(key), tolerance))
  );
}

function listOf(value: object): readonly unknown[] {
  return Symbol.iterator in value ? Array.from(value as Iterable<unknown>) : [value];
}
