/**
 * Every judgement has three outcomes. Missing data, NaN, an empty slice and an error are `insufficient`, never `pass`.
 * `need` says how much more evidence would decide.
 */
export type Verdict = 'pass' | 'fail' | 'insufficient';

/** What is still missing for a decision. */
export interface Need {
  readonly rows?: number | undefined;
  readonly labels?: number | undefined;
  readonly units?: number | undefined;
  readonly what?: string | undefined;
}

/** The verdict of several: any failure fails, else any gap leaves it open, and nothing at all is `insufficient`. */
export function allOf(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = 'insufficient';
  let seen = 0;
  let open = false;
  for (const verdict of verdicts) {
    if (verdict === 'fail') return 'fail';
    if (verdict === 'insufficient') open = true;
    seen++;
  }
  if (seen > 0 && !open) result = 'pass';
  return result;
}
