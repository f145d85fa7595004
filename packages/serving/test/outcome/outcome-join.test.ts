import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identityTable } from '../../src/outcome/identity-table.js';
import { createOutcomeJoin, type OutcomeMetric } from '../../src/outcome/index.js';
import vectors from '../vectors/label-join.json' with { type: 'json' };

const converted: OutcomeMetric = { id: 'converted', windowMs: 100, combine: 'any', endsWithEpoch: true };
const label: OutcomeMetric = { id: 'label', windowMs: 100, combine: 'first', endsWithEpoch: false };

interface Step {
  readonly at: number;
  readonly run: () => void;
}

describe('outcome join', () => {
  for (const scenario of vectors.scenarios) {
    test(`follows the semantics: ${scenario.name}`, () => {
      const arms: string[] = [];
      const names: string[] = [];
      const mature: { unit: string; arm: string; y: number }[] = [];
      const late: string[] = [];
      const join = createOutcomeJoin({
        metrics: [{ ...converted, windowMs: scenario.window }],
        rows: 'unit',
        graceMs: scenario.grace,
        onRow: (_, cohort, y) => mature.push({ unit: names[cohort]!, arm: arms[cohort]!, y: Number.isNaN(y) ? 0 : y }),
      });
      const steps: Step[] = [
        ...scenario.exposures.map((e): Step => {
          const cohort = names.push(e.unit) - 1;
          arms.push(e.arm);
          return {
            at: ('received' in e ? e.received : undefined) ?? e.t,
            run: () => {
              for (let epoch = 1; epoch < e.epoch; epoch++) join.endEpoch(epoch, e.t);
              join.expose({ decisionId: e.id, unit: e.unit, epoch: e.epoch, cohort, time: e.t });
            },
          };
        }),
        ...scenario.outcomes.map((o) => ({
          at: o.received,
          run: () => {
            const outcome = { decisionId: o.exposure, value: o.value, time: o.t };
            if (join.record(outcome, o.received) === 'late') late.push(o.id);
          },
        })),
      ];
      for (const { at, run } of steps.sort((a, b) => a.at - b.at)) {
        join.advance(at - 1);
        run();
      }
      join.advance(scenario.now);
      const { expect: expected } = scenario;
      expect(mature).toEqual(expected.mature.map(({ unit, arm, y }) => ({ unit, arm, y })));
      expect(late).toEqual(expected.late);
      expect(join.counts.duplicates).toBe(expected.duplicates);
      expect(join.counts.open).toBe(expected.pending.length);
      expect(join.counts.orphans).toBe('orphans' in expected ? expected.orphans.length : 0);
    });
  }

  test('a label that never comes is handed out as missing, and the counts say what was lost', () => {
    const rows: number[] = [];
    const join = createOutcomeJoin({ metrics: [label], onRow: (_m, _c, y) => rows.push(y) });
    join.expose({ decisionId: 'd1', unit: 'u1', epoch: 1, cohort: 0, time: 0 });
    join.expose({ decisionId: 'd2', unit: 'u2', epoch: 1, cohort: 0, time: 1 });
    expect(join.record({ decisionId: 'd2', value: true, time: 50 }, 50)).toBe('applied');
    expect(join.record({ decisionId: 'd2', value: false, time: 51 }, 51)).toBe('duplicate');
    join.advance(99);
    expect(rows).toEqual([]);
    join.advance(101);
    expect(rows).toEqual([Number.NaN, 1]);
    expect(join.record({ decisionId: 'd1', value: true, time: 50 }, 102)).toBe('late');
    expect(() => join.record({ decisionId: 'd1', value: Number.NaN }, 1)).toThrow(/finite/);
  });

  test('what changes nothing because it is late or nobody’s goes to the dead letters, once each', () => {
    const letters: string[] = [];
    const metrics = [{ id: 'label', windowMs: 10, combine: 'first', endsWithEpoch: false }] as const;
    const join = createOutcomeJoin({
      metrics,
      maxEarly: 1,
      onRow: () => undefined,
      deadLetter: ({ decisionId }, reason) => letters.push(`${decisionId} ${reason}`),
    });
    join.expose({ decisionId: 'a', unit: 'u', epoch: 1, cohort: 0, time: 0 });
    expect(join.record({ decisionId: 'a', value: 1 }, 5)).toBe('applied');
    expect(join.record({ decisionId: 'a', value: 1 }, 6)).toBe('duplicate');
    expect(join.record({ decisionId: 'a', value: 1 }, 50)).toBe('late');
    expect(join.record({ decisionId: 'nobody', value: 1 }, 50)).toBe('early');
    expect(join.record({ decisionId: 'too many', value: 1 }, 50)).toBe('orphan');
    join.advance(100);
    expect(letters).toEqual(['a late', 'too many orphan', 'nobody orphan']);
    expect(join.counts).toMatchObject({ applied: 1, duplicates: 1, late: 1, orphans: 2 });
  });

  test('a unit opens one row per epoch, and a request without a unit opens none', () => {
    const rows: number[] = [];
    const join = createOutcomeJoin({ metrics: [label], onRow: (_m, cohort) => rows.push(cohort) });
    const expose = (unit: string | undefined, epoch: number) =>
      join.expose({ decisionId: `${unit}${epoch}`, unit, epoch, cohort: epoch, time: epoch });
    expect([expose('a', 1), expose('a', 1), expose('a', 2), expose('a', 1), expose(undefined, 2)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
    join.advance(1_000);
    expect(rows).toEqual([1, 2]);
  });

  test('a measure sees the score that was remembered with the decision', () => {
    const rows: number[] = [];
    const measure = (value: number, score: number) => Number(value > 0 !== score >= 0.5);
    const join = createOutcomeJoin({ metrics: [{ ...label, measure }], onRow: (_m, _c, y) => rows.push(y) });
    [0.9, 0.1].forEach((score, i) => {
      join.expose({ decisionId: `d${i}`, unit: `u${i}`, epoch: 1, cohort: 0, time: 0, score });
      join.record({ decisionId: `d${i}`, value: true }, 1);
    });
    join.advance(1_000);
    expect(rows).toEqual([0, 1]);
  });

  test('rows beyond the bound are counted, not kept', () => {
    const join = createOutcomeJoin({ metrics: [label], rows: 'request', maxOpen: 1024, onRow: () => undefined });
    for (let i = 0; i < 1_030; i++) join.expose({ decisionId: `d${i}`, unit: undefined, epoch: 1, cohort: 0, time: 0 });
    expect(join.counts).toMatchObject({ open: 1024, dropped: 6 });
  });

  test('every row matures exactly once, in order, whatever the order of outcomes and clock', () => {
    const step = fc.record({ unit: fc.nat(40), gap: fc.nat(30), answerAfter: fc.nat(150), value: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const matured: number[] = [];
        const join = createOutcomeJoin({ metrics: [label], onRow: (_m, cohort) => matured.push(cohort) });
        let now = 0;
        let opened = 0;
        const due: { at: number; id: string; value: boolean }[] = [];
        steps.forEach(({ unit, gap, answerAfter, value }, i) => {
          now += gap;
          for (const { at, id, value: label } of due.splice(0).filter((d) => d.at <= now || !due.push(d)))
            join.record({ decisionId: id, value: label, time: at }, now);
          const row = { decisionId: `d${i}`, unit: `u${unit}`, epoch: Math.floor(i / 50), cohort: opened, time: now };
          if (join.expose(row)) opened++;
          due.push({ at: now + answerAfter, id: `d${i}`, value });
          join.advance(now);
        });
        join.advance(Infinity);
        expect(matured).toEqual(Array.from({ length: opened }, (_, i) => i));
        expect(join.counts.open).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('identity table', () => {
  test('finds what was added, through growth and forgetting', () => {
    const table = identityTable();
    for (let i = 0; i < 5_000; i++) table.set(`id-${i}`, i, 0);
    for (let i = 0; i < 5_000; i++) expect(table.first(table.find(`id-${i}`))).toBe(i);
    expect(table.find('other')).toBe(-1);
    table.retain((first) => first >= 4_000);
    expect(table.size).toBe(1_000);
    expect(table.find('id-3999')).toBe(-1);
    expect(table.first(table.find('id-4321'))).toBe(4_321);
  });
});
