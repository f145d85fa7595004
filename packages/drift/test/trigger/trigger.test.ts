import {
  acknowledge,
  checkPolicy,
  QUIET,
  reduceTrigger,
  type TriggerEvidence,
  type TriggerPolicy,
  type TriggerState,
} from '@millwright/drift';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/trigger-scenarios.json' with { type: 'json' };

const DAY = 86_400_000;
type Step = number | undefined | 'broken' | 'acknowledge';

/** Runs one step per day and returns the actions. */
function run(policy: TriggerPolicy, steps: readonly Step[], from: TriggerState = QUIET) {
  const checked = checkPolicy(policy);
  let state = from;
  const decisions = steps.flatMap((step, day) => {
    if (step === 'acknowledge') {
      state = acknowledge(state);
      return [];
    }
    const evidence: TriggerEvidence = {
      key: `day-${day}`,
      severity: step === 'broken' ? 0 : step,
      integrity: step === 'broken' ? ['column `x` is gone'] : [],
    };
    const out = reduceTrigger(checked, state, evidence, day * DAY);
    state = out.state;
    return [out.decision];
  });
  return { state, decisions, actions: decisions.map((decision) => decision.action) };
}

const POLICY: TriggerPolicy = {
  confirm: { count: 2, of: 3 },
  cooldownMs: 4 * DAY,
  budget: { retrains: 2, perMs: 100 * DAY },
};

test.each(vectors.scenarios)('scenario: $name', ({ policy, scores, actions }) => {
  const out = run(
    {
      retrainAt: policy.retrain_at,
      escalateAt: policy.escalate_at,
      clearAt: policy.clear_at,
      confirm: { count: policy.consecutive, of: policy.consecutive },
      cooldownMs: policy.cooldown * DAY,
    },
    scores.map((score) => (typeof score === 'number' ? score : Number.NaN)),
  );
  expect(out.actions).toEqual(actions);
});

describe('the reducer', () => {
  test('retrains when k of n windows show the change, and then wants new windows', () => {
    expect(run(POLICY, [1.2, 1.3, 1.2, 1.3]).actions).toEqual(['watch', 'retrain', 'watch', 'watch']);
    expect(run({ ...POLICY, clearAt: 0.1 }, [1.2, 0.7, 1.2]).actions).toEqual(['watch', 'watch', 'retrain']);
    expect(run({ ...POLICY, clearAt: 0.1 }, [1.2, 0.7, 0.7, 1.2]).actions).toEqual([
      'watch',
      'watch',
      'watch',
      'watch',
    ]);
  });

  test('forgets only below `clearAt`', () => {
    expect(run(POLICY, [1.2, 0.8, 0.5, 1.2]).actions).toEqual(['watch', 'watch', 'none', 'watch']);
    expect(run(POLICY, [0.8]).actions).toEqual(['none']);
  });

  test('cooldown delays, the budget holds', () => {
    expect(run(POLICY, [2, 2, 2, 2, 2, 2]).actions).toEqual(['watch', 'retrain', 'watch', 'watch', 'watch', 'retrain']);
    const spent = run(POLICY, Array(12).fill(2));
    expect(spent.actions.at(-1)).toBe('hold');
    expect(spent.decisions.find((d) => d.action === 'hold')?.reasons).toEqual(['budget']);
  });

  test('broken data escalate and block retraining until a person has looked', () => {
    const out = run(POLICY, [2, 'broken', 2, 2, 2, 'acknowledge', 2, 2]);
    expect(out.actions).toEqual(['watch', 'escalate', 'hold', 'hold', 'hold', 'watch', 'retrain']);
    expect(out.decisions[1]?.sentence).toBe(
      'The data are broken rather than changed: column `x` is gone. Retraining is blocked until a person has looked.',
    );
  });

  test('a change that is too large escalates, also while held', () => {
    expect(run(POLICY, [7, 0, 8]).actions).toEqual(['escalate', 'hold', 'escalate']);
  });

  test('the same window is never counted twice', () => {
    const policy = checkPolicy(POLICY);
    const evidence = { key: 'w', severity: 2, integrity: [] };
    const first = reduceTrigger(policy, QUIET, evidence, 0);
    const again = reduceTrigger(policy, first.state, evidence, 1);
    expect([again.decision.action, again.decision.reasons]).toEqual(['none', ['duplicate']]);
    expect(again.state).toBe(first.state);
  });

  test.each([
    { clearAt: 2 },
    { escalateAt: 1 },
    { confirm: { count: 3, of: 2 } },
    { confirm: { count: 0, of: 2 } },
    { cooldownMs: Number.NaN },
    { budget: { retrains: 1, perMs: 0 } },
  ])('policy %o is refused', (policy) => {
    expect(() => checkPolicy(policy)).toThrow(/Expected/);
  });

  test('retrains only when what is lost is worth it; an unknown loss leaves it to the severity', () => {
    const policy = checkPolicy({ confirm: { count: 1, of: 1 }, cost: { retraining: 900, days: 30 } });
    const decide = (lossPerDay: number | undefined) =>
      reduceTrigger(policy, QUIET, { key: 'w', severity: 2, integrity: [], lossPerDay }, 0).decision;
    expect(decide(29.99)).toMatchObject({ action: 'watch', reasons: ['not-worth-it'], lossPerDay: 29.99 });
    expect(decide(10).sentence).toBe('The change is confirmed, but 30 days of it lose 300 and a retraining costs 900.');
    expect(decide(30).action).toBe('retrain');
    expect(decide(undefined).action).toBe('retrain');
    expect(decide(Number.NaN).reasons).toEqual(['not-worth-it']);
    expect(checkPolicy({ cost: { retraining: 1, days: 1 } }).digest).not.toBe(checkPolicy().digest);
    expect(() => checkPolicy({ cost: { retraining: -1, days: 1 } })).toThrow(/cost/);
    expect(() => checkPolicy({ cost: { retraining: 1, days: 0 } })).toThrow(/cost/);
  });

  test('never retrains on integrity evidence, on what it cannot judge, above the band, or past cooldown and budget', () => {
    const step = fc.oneof(
      fc.constantFrom<Step>(undefined, 'broken', 'acknowledge'),
      fc.double({ min: 0, max: 8, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { decisions } = run(POLICY, steps);
        const retrained = decisions.filter((d) => d.action === 'retrain');
        for (const [i, d] of retrained.entries()) {
          expect(d.severity).toBeGreaterThanOrEqual(1);
          expect(d.severity).toBeLessThan(5);
          expect(d.integrity).toEqual([]);
          if (i > 0) expect(d.at - retrained[i - 1]!.at).toBeGreaterThanOrEqual(4 * DAY);
        }
        expect(retrained.length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
  });

  test('replays to the same decisions from stored state', () => {
    const steps = [2, 0.8, 'broken', 'acknowledge', 2, 2] as const;
    const whole = run(POLICY, steps);
    const half = run(POLICY, steps.slice(0, 3));
    const stored: TriggerState = JSON.parse(JSON.stringify(half.state));
    expect(stored).toEqual(half.state);
    expect(run(POLICY, steps).decisions).toEqual(whole.decisions);
  });
});
