import { describe, expect, test } from 'vitest';
import { type JudgedRollout, rollbackReport } from '../../src/rollout/index.js';

/** As much of a rollout as the report reads. */
function rollout(id: string, e: number, rolledBack: boolean, submittedAt = 0): JudgedRollout {
  const evidence = { evidence: { harm: { logE: Math.log(e) } } };
  return { id, submittedAt, evidence, cause: rolledBack ? { cause: 'guardrail' } : undefined };
}

describe('rollbackReport', () => {
  test('confirms the rollbacks that stand among all rollouts of the year', () => {
    const harmless = Array.from({ length: 40 }, (_, i) => rollout(`ok-${i}`, 0.5, false));
    const year = [rollout('clear', 5_000, true), rollout('narrow', 55, true), ...harmless];
    expect(rollbackReport(year)).toEqual({ judged: 42, rolledBack: ['clear', 'narrow'], confirmed: ['clear'] });
    expect(rollbackReport(year.slice(0, 2)).confirmed).toEqual(['clear', 'narrow']);
  });

  test('counts a period, and rollouts that were judged', () => {
    const all = [
      rollout('old', 1e9, true, 5),
      rollout('new', 1e9, true, 10),
      { ...rollout('none', 1, false, 11), evidence: undefined },
    ];
    expect(rollbackReport(all, { from: 10 })).toEqual({ judged: 1, rolledBack: ['new'], confirmed: ['new'] });
    expect(rollbackReport([], {})).toEqual({ judged: 0, rolledBack: [], confirmed: [] });
  });

  test('a person’s rollback is not counted to the guardrails', () => {
    const person = { ...rollout('p', 1e9, true), cause: { cause: 'requested' } } as const;
    expect(rollbackReport([person])).toMatchObject({ judged: 1, rolledBack: [], confirmed: [] });
  });
});
