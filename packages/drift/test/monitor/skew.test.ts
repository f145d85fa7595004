import { digestBytes } from '@millwright/core';
import { tableFrom } from '@millwright/core/table';
import { virtualClock } from '@millwright/core/testing';
import { createSkewMonitor, type SkewRecord } from '@millwright/drift';
import { describe, expect, test } from 'vitest';

const [code, otherCode] = ['features 1', 'features 2'].map((text) => digestBytes(new TextEncoder().encode(text)));
const ids = Array.from({ length: 400 }, (_, i) => i);
const table = (miles: (id: number) => number | null, from = 0) =>
  tableFrom({ id: ids.map((id) => id + from), miles: ids.map((id) => miles(id + from)) });
const monitor = (onTrigger?: (record: SkewRecord) => void) =>
  createSkewMonitor({ id: 'id', relative: 1e-6, transform: code!, clock: virtualClock(0), onTrigger });

describe('training-serving skew', () => {
  test('the same code and the same values agree', () => {
    const record = monitor().compare(
      table((id) => id),
      table((id) => id * (1 + 1e-9)),
      { transform: code! },
    );
    expect(record).toMatchObject({ verdict: 'pass', trigger: { action: 'none' } });
    expect(record.sentence).toBe('Training and serving agree in 1 features of 400 rows.');
  });

  test('kilometres for miles: row by row, and it holds until a person has looked', () => {
    const seen: string[] = [];
    const one = monitor((record) => seen.push(record.trigger.action));
    const broken = () =>
      one.compare(
        table((id) => id + 1),
        table((id) => 1.609 * (id + 1)),
        { transform: code! },
      );
    const same = () =>
      one.compare(
        table((id) => id),
        table((id) => id),
        { transform: code! },
      );
    expect(broken().sentence).toBe('Training and serving disagree: `miles` differs in 400 of 400 rows.');
    expect(same().trigger.action).toBe('hold');
    one.acknowledge();
    expect(same().trigger.action).toBe('none');
    expect(seen).toEqual(['escalate', 'hold']);
  });

  test('other feature code is a fault even where the values agree', () => {
    const record = monitor().compare(
      table((id) => id),
      table((id) => id),
      { transform: otherCode! },
    );
    expect(record).toMatchObject({ verdict: 'fail', trigger: { action: 'escalate', reasons: ['integrity'] } });
    expect(record.sentence).toContain('other code');
  });

  test('distributions: rows that nobody joins may still differ', () => {
    const one = createSkewMonitor({ id: 'id', minRate: 0, maxDistance: 0.1 });
    const record = one.compare(
      table((id) => id),
      table((id) => (id < 399 ? id + 400 : id), 399),
    );
    expect(record.report.matchedRows).toBe(1);
    expect(record.sentence).toMatch(/`miles` is distributed otherwise by \d/);
  });

  test('no row in common, or unknown code, is no agreement', () => {
    const apart = monitor().compare(
      table((id) => id),
      table((id) => id, 1_000),
      { transform: code! },
    );
    expect(apart).toMatchObject({ verdict: 'insufficient', trigger: { action: 'insufficient' } });
    const unknown = monitor().compare(
      table((id) => id),
      table((id) => id),
    );
    expect(unknown.verdict).toBe('insufficient');
    expect(unknown.sentence).toContain('fingerprint');
  });
});
