import { digestJson, seededRandom } from '@millwright/core';
import { benjaminiHochberg, holm, mcnemar } from '@millwright/core/statistics';
import { tableFrom } from '@millwright/core/table';
import { describe, expect, test } from 'vitest';
import {
  type CompareOptions,
  compare,
  compareCells,
  type EvaluationReport,
  findSlices,
  foundSlices,
  type GatePolicy,
  gate,
  timeSlice,
} from '../../src/evaluation/index.js';
import slices from '../vectors/slices.json' with { type: 'json' };
import { expectNear } from './near.js';

/** Labels by rightness: both models are right on `both` rows, and so on. */
function rightness(counts: { both: number; champion: number; challenger: number; neither: number }): CompareOptions {
  const rows = [
    ...Array<[number, number]>(counts.both).fill([1, 1]),
    ...Array<[number, number]>(counts.champion).fill([1, 0]),
    ...Array<[number, number]>(counts.challenger).fill([0, 1]),
    ...Array<[number, number]>(counts.neither).fill([0, 0]),
  ];
  const truth = rows.map((_, i) => i % 2);
  return {
    truth,
    champion: Uint8Array.from(rows, ([a], i) => (a ? truth[i]! : 1 - truth[i]!)),
    challenger: Uint8Array.from(rows, ([, b], i) => (b ? truth[i]! : 1 - truth[i]!)),
  };
}

const BETTER = { both: 900, champion: 10, challenger: 60, neither: 30 };
const EQUAL = { both: 900, champion: 30, challenger: 32, neither: 38 };

describe('compare', () => {
  test('equals the slice vectors: counts, exact p and Holm over the supported slices', () => {
    const { truth, logreg, forest9 } = slices.digits;
    const [{ slice_columns, expected, min_support }] = slices.champion_challenger as unknown as readonly [SliceCase];
    const report = compare({
      task: 'multiclass',
      truth: Uint8Array.from(truth),
      champion: { labels: logreg },
      challenger: { labels: forest9 },
      slices: { class: truth, ink: slice_columns.ink_bin },
      cross: [['ink', 'class']],
      minSupport: min_support,
    });
    const accuracy = report.overall.metrics.find((m) => m.metric === 'accuracy')!;
    expectNear(accuracy.champion.value!, expected.overall.acc_a, 'champion');
    expectNear(accuracy.challenger.value!, expected.overall.acc_b, 'challenger');
    expect(accuracy.difference).toMatchObject({
      onlyChampion: expected.overall.only_a,
      onlyChallenger: expected.overall.only_b,
    });
    const supported = expected.slices.filter(({ holm }) => typeof holm === 'number');
    const exact = supported.map((row) => {
      const test = mcnemar({ onlyFirst: row.only_a, onlySecond: row.only_b });
      expectNear(test.exact, row.p_exact, `${row.slice} exact`);
      expectNear(test.midP, row.p_mid, `${row.slice} mid-p`);
      return test.exact;
    });
    for (const [adjust, key] of [
      [holm, 'holm'],
      [benjaminiHochberg, 'fdr_bh'],
    ] as const)
      adjust(exact).forEach((p, i) => {
        expectNear(p, supported[i]![key]!, `${supported[i]!.slice} ${key}`);
        expect(p <= 0.05).toBe(supported[i]![`${key}_reject`]);
      });
    for (const row of expected.slices) {
      if (row.n === 0) continue;
      const [slice, value] = row.slice.includes('&')
        ? ['ink × class', '0 × 1']
        : (row.slice.split('=') as [string, string]);
      const group = report.slices.find((g) => g.slice === slice && g.value === value)!;
      expect(group.n, row.slice).toBe(row.n);
      const found = group.metrics[0]!;
      expectNear(found.champion.value!, row.acc_a, `${row.slice} champion`);
      expectNear(found.challenger.value!, row.acc_b, `${row.slice} challenger`);
      expect(found.difference).toMatchObject({ onlyChampion: row.only_a, onlyChallenger: row.only_b });
    }
  });

  test('a report is plain JSON with the digests of its inputs, the same for the same rows', () => {
    const report = compare(rightness(BETTER));
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    const { digest, ...body } = report;
    expect(digestJson(body)).toBe(digest);
    expect(compare(rightness(BETTER)).digest).toBe(digest);
    expect(compare(rightness(EQUAL)).inputs['challenger']).not.toBe(report.inputs['challenger']);
    expect(Object.keys(report.inputs)).toEqual(['truth', 'champion', 'challenger']);
    expect(report.overall.metrics.map((m) => m.id)).toContain('sklearn.accuracy@1');
  });

  test('scores, thresholds and ranking metrics; labels have no ranking', () => {
    const truth = [0, 0, 1, 1, 0, 1, 0, 1];
    const good = Float64Array.of(0.1, 0.2, 0.8, 0.9, 0.3, 0.7, 0.4, 0.6);
    const bad = Float32Array.of(0.9, 0.2, 0.1, 0.9, 0.3, 0.7, 0.8, 0.6);
    const report = compare({ truth, champion: bad, challenger: { scores: good, name: 'new@2', threshold: 0.65 } });
    const by = (name: string) => report.overall.metrics.find((m) => m.metric === name)!;
    expect(by('rocAuc').challenger.value).toBe(1);
    expect(by('rocAuc').difference?.method).toBe('delong@1');
    expect(by('recall').challenger.value).toBe(0.75);
    expect(report.challenger).toBe('new@2');
    expect(report.threshold).toEqual({ champion: 0.5, challenger: 0.65 });
    const labelled = compare({ truth, champion: Uint8Array.from(truth), challenger: good });
    expect(labelled.overall.metrics.find((m) => m.metric === 'rocAuc')!.challenger.undefinedWhy).toContain(
      'without scores',
    );
  });

  test('columns of a table are slices, and row ids join answers in another order', () => {
    const table = tableFrom({ origin: ['SFO', 'SFO', 'ORD', null], hour: Int32Array.of(1, 2, 1, 2) });
    const report = compare({
      truth: [1, 0, 1, 0],
      rowIds: ['a', 'b', 'c', 'd'],
      champion: { labels: [1, 0, 1, 1], rowIds: ['a', 'b', 'c', 'd'] },
      challenger: { labels: [0, 1, 0, 1], rowIds: ['d', 'c', 'b', 'a'] },
      slices: { origin: table.columns.get('origin')!, hour: table.columns.get('hour')! },
      cross: [['origin', 'hour']],
    });
    expect(report.slices.map((g) => `${g.slice}=${g.value}:${g.n}`)).toEqual([
      'origin=SFO:2',
      'origin=ORD:1',
      'hour=1:2',
      'hour=2:2',
      'origin × hour=SFO × 1:1',
      'origin × hour=SFO × 2:1',
      'origin × hour=ORD × 1:1',
    ]);
    expect(report.overall.cells).toEqual([1, 0, 1, 0, 0, 0, 0, 2]);
  });

  test('a regression compares losses on the same rows', () => {
    const random = seededRandom(4);
    const truth = Float64Array.from({ length: 400 }, () => random.next());
    const report = compare({
      task: 'regression',
      truth,
      champion: truth.map((y) => y + 0.2 * (random.next() - 0.5)),
      challenger: truth.map((y) => y + 0.1 * (random.next() - 0.5)),
      slices: { half: Array.from(truth, (y) => (y < 0.5 ? 'low' : 'high')) },
    });
    expect(report.overall.metrics[0]!.difference!.method).toBe('paired-mean@1');
    expect(gate(report).decision).toBe('promote');
    expect(report.overall.metrics.find((m) => m.metric === 'r2')!.challenger.value).toBeGreaterThan(0.98);
  });

  test('counts of a database come to what their rows come to; scores are not in them', () => {
    const rows = compare({ ...rightness(BETTER), metrics: ['accuracy', 'recall', 'f1'] });
    const counts = { cells: rows.overall.cells!, metrics: ['accuracy', 'recall', 'f1', 'rocAuc', 'brier'] };
    const report = compareCells({ ...counts, slices: [{ slice: 'all', value: 'yes', cells: rows.overall.cells! }] });
    expect(report.overall.metrics.slice(0, 3)).toEqual(rows.overall.metrics);
    for (const { challenger } of report.overall.metrics.slice(3))
      expect(challenger.undefinedWhy).toBe('counts of cells do not hold it');
    expect(report.slices[0]).toMatchObject({ slice: 'all', value: 'yes', n: 1_000 });
    expect(gate(report).decision).toBe('promote');
    expect(gate(report, { rules: [{ rule: 'superior', metric: 'brier' }] }).decision).toBe('hold');
    const classes = compareCells({ task: 'multiclass', cells: [30, 60, 10, 900] });
    expect(classes.overall.metrics[0]!.difference).toMatchObject({ onlyChallenger: 60, onlyChampion: 10 });
    const none = compareCells({ cells: Array<number>(8).fill(0) });
    expect(gate(none).decision).toBe('hold');
    expect(() => compareCells({ cells: [1, 2] })).toThrow('8 counts');
    expect(() => compareCells({ task: 'multiclass', cells: [1, 2, Number.NaN, 4] })).toThrow('4 counts');
  });

  test('decisions are worth what the payoffs say, with their test, by slice and by unit', () => {
    // A missed fraud costs 80, a call 3. The challenger misses less and calls more.
    const truth = Array.from({ length: 1_000 }, (_, i) => Number(i % 10 === 0));
    const champion = truth.map((y, i) => (y === 1 && i % 20 === 0 ? 0.2 : 0.8 * y));
    const challenger = truth.map((y, i) => (i % 9 === 0 ? 0.9 : 0.8 * y));
    const given = { truth, champion: { scores: champion }, challenger: { scores: challenger } };
    const payoffs = [
      [0, -3],
      [-80, -3],
    ];
    const report = compare({ ...given, payoffs, primary: 'value', slices: { half: truth.map((_, i) => i % 2) } });
    const [value] = report.overall.metrics;
    // 50 missed and 50 called, against all 100 and 100 of 900 others called.
    expectNear(value!.champion.value!, (-80 * 50 - 3 * 50) / 1_000, 'champion');
    expectNear(value!.challenger.value!, (-3 * 200) / 1_000, 'challenger');
    expect(value!.difference!.method).toBe('paired-mean@1');
    expect(report.payoffs).toEqual(payoffs);
    expect(gate(report, { rules: [{ rule: 'superior' }] }).sentence).toContain(
      'the value of a decision of challenger is -0.6, of champion -4.15: better by 3.55, more than chance explains',
    );
    const units = truth.map((_, i) => i >> 1);
    const byUnit = compare({ ...given, payoffs, primary: 'value', units }).overall.metrics[0]!;
    expect(byUnit.difference).toMatchObject({ method: 'clustered@1', units: 500 });
    expectNear(byUnit.difference!.value, 3.55, 'by unit');
    const classes = compare({
      task: 'multiclass',
      truth: [0, 1, 2, 2],
      champion: { labels: [0, 1, 2, 0] },
      challenger: { labels: [0, 1, 2, 1] },
      payoffs: [
        [1, 0, 0],
        [0, 1, 0],
        [-9, -1, 1],
      ],
    });
    expect(classes.overall.metrics.find(({ metric }) => metric === 'value')).toMatchObject({
      champion: { value: -1.5 },
      challenger: { value: 0.5 },
    });
    expect(() => compare({ ...given, primary: 'value' })).toThrow('what decisions are worth');
    expect(() => compare({ ...given, payoffs: [[0, 1]] })).toThrow('each truth and each decision');
    expect(() =>
      compare({
        ...given,
        payoffs: [
          [0, 1],
          [Number.NaN, 1],
        ],
      }),
    ).toThrow('payoffs');
    expect(() => compare({ ...given, task: 'regression', payoffs })).toThrow('decides nothing');
  });

  test('metrics of several classes have a test: its standard error is that of repeated samples', () => {
    const random = seededRandom(11);
    const draw = () => {
      const truth = Float64Array.from({ length: 500 }, () => Math.floor(3 * random.next() ** 1.5));
      const side = (errors: number) => truth.map((y) => (random.next() < errors ? (y + 1) % 3 : y));
      return compare({ task: 'multiclass', truth, champion: { labels: side(0.2) }, challenger: { labels: side(0.1) } });
    };
    const samples = Array.from({ length: 200 }, draw);
    const of = (report: EvaluationReport) => report.overall.metrics.find(({ metric }) => metric === 'f1Macro')!;
    const values = samples.map((report) => of(report).difference!.value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    const own = samples.reduce((sum, report) => sum + of(report).difference!.standardError, 0) / samples.length;
    expect(own / spread).toBeGreaterThan(0.85);
    expect(own / spread).toBeLessThan(1.15);
    const [first] = samples;
    expectNear(of(first!).difference!.value, of(first!).challenger.value! - of(first!).champion.value!, 'difference');
    expect(gate(first!, { rules: [{ rule: 'superior', metric: 'f1Macro' }] }).decision).toBe('promote');
    const same = compare({
      task: 'multiclass',
      truth: [0, 1, 2],
      champion: { labels: [0, 1, 2] },
      challenger: { labels: [0, 1, 2] },
    });
    expect(gate(same, { rules: [{ rule: 'nonInferior', metric: 'f1Macro', margin: 0.5 }] }).decision).toBe('hold');
  });

  test('slices of time come in order, by UTC; a time that is none belongs to no slice', () => {
    const at = (iso: string) => Date.parse(iso);
    const times = [at('2001-02-03T23:30:00Z'), at('2001-01-31T05:00:00Z'), Number.NaN, at('2001-02-04T00:30:00Z')];
    const labels = (every: 'hour' | 'day' | 'week' | 'month') => {
      const report = compare({
        truth: [1, 0, 1, 0],
        champion: [1, 0, 1, 0],
        challenger: [1, 0, 1, 0],
        slices: { time: timeSlice(times, every) },
      });
      return report.slices.map(({ value, n }) => `${value}:${n}`);
    };
    expect(labels('hour')).toEqual(['2001-01-31T05:00:1', '2001-02-03T23:00:1', '2001-02-04T00:00:1']);
    expect(labels('day')).toEqual(['2001-01-31:1', '2001-02-03:1', '2001-02-04:1']);
    // All three belong to the week of Monday, January 29.
    expect(labels('week')).toEqual(['2001-01-29:3']);
    expect(labels('month')).toEqual(['2001-01:1', '2001-02:2']);
    const column = tableFrom({ at: [new Date(times[0]!), null] }).columns.get('at')!;
    expect(timeSlice(column, 'day')).toMatchObject({ labels: ['2001-02-03'] });
  });

  test('slices that were found by searching these rows are shown and not judged; on other rows they are', () => {
    const rows = rightness({ both: 300, champion: 60, challenger: 0, neither: 40 });
    const losses = Float64Array.from({ length: 400 }, (_, i) => Number(i >= 300));
    const columns = { origin: losses.map((_, i) => (i >= 300 && i < 360 ? 1 : 0)) };
    const { found } = findSlices({ losses, columns });
    expect(found[0]!.where).toEqual([{ column: 'origin', value: '1' }]);
    const judge = (side: 'same' | 'other', policy?: GatePolicy) => {
      const slices = foundSlices(found.slice(0, 1), columns, { rows: side, count: 400 });
      const report = compare({ ...rows, slices: { all: Array<string>(400).fill('yes'), ...slices } });
      return { report, verdict: gate(report, policy ?? { rules: [{ rule: 'noHarm', mustDetect: 0.5 }] }) };
    };
    const same = judge('same');
    expect(same.report.slices.map(({ slice, value, n, found: marked }) => [slice, value, n, marked])).toEqual([
      ['all', 'yes', 400, undefined],
      ['found: origin', '1', 60, true],
    ]);
    expect(same.verdict.sentence).toContain('In all = yes');
    expect(same.verdict.rules[1]!.notes).toContain('Not judged, found by searching these rows: found: origin = 1.');
    const named = judge('same', { rules: [{ rule: 'noHarm', slices: ['found: origin'] }] });
    expect(named.verdict.decision).toBe('hold');
    expect(named.verdict.sentence).toContain('only others can test it');
    expect(judge('other', { rules: [{ rule: 'noHarm', slices: ['found: origin'] }] }).verdict.decision).toBe('block');
    expect(() => foundSlices(found, {}, { rows: 'same', count: 400 })).toThrow('the column origin');
  });

  test('what cannot be compared is refused', () => {
    const odd = { truth: [0, 1], champion: { labels: [0, 1] }, challenger: { labels: [0, 1.5] } };
    expect(() => compare({ ...odd, task: 'multiclass' })).toThrow('class index');
    expect(() => compare({ truth: [0, 1], champion: [0, 1], challenger: [0] })).toThrow('rowIds');
    expect(() => compare({ truth: [0, 2], champion: [0, 1], challenger: [0, 1] })).toThrow('multiclass');
    expect(() => compare({ truth: [0, 1], champion: [0, 1], challenger: [0, 1], metrics: ['f9'] })).toThrow('f1');
    expect(() => compare({ truth: [0, 1], champion: [0, 1], challenger: [0, 1], slices: { a: ['x'] } })).toThrow(
      '2 rows',
    );
    expect(() => compare({ truth: [0, 1], champion: [0, 1], challenger: [0, 1], cross: [['a', 'b']] })).toThrow(
      'names of slices',
    );
    expect(() =>
      compare({ truth: [0], rowIds: ['a'], champion: { labels: [0], rowIds: ['a', 'b'] }, challenger: [0] }),
    ).toThrow('one per answer');
  });
});

describe('gate', () => {
  test('a better challenger is promoted, in words and figures', () => {
    const verdict = gate(compare({ ...rightness(BETTER), challenger: rightness(BETTER).challenger }));
    expect(verdict.decision).toBe('promote');
    expect(verdict.sentence).toBe(
      'Promote: On 1,000 rows the share of right answers of challenger is 96.0 %, of champion 91.0 %: better by 5.0 points, more than chance explains (95 % sure that the change is between +3.4 points and +6.7 points).',
    );
    expect(verdict.metrics.find((m) => m.metric === 'accuracy')).toEqual({ metric: 'accuracy', value: 0.96 });
    expect(verdict).toMatchObject({ kind: 'gate', verdict: 'pass' });
  });

  test('an equal challenger holds and says how many rows would decide', () => {
    const verdict = gate(compare(rightness(EQUAL)));
    expect(verdict.decision).toBe('hold');
    expect(verdict.need!.rows).toBeGreaterThan(10_000);
    expect(verdict.sentence).toMatch(/^Hold: .*more rows would decide it\.$/);
  });

  test('a slice that got worse blocks, though everything else got better', () => {
    const good = rightness(BETTER);
    const bad = rightness({ both: 100, champion: 30, challenger: 0, neither: 20 });
    const concat = (key: 'truth' | 'champion' | 'challenger') =>
      Uint8Array.from([
        ...(good[key] as ArrayLike<number> & Iterable<number>),
        ...(bad[key] as ArrayLike<number> & Iterable<number>),
      ]);
    const report = compare({
      truth: concat('truth'),
      champion: concat('champion'),
      challenger: concat('challenger'),
      slices: { origin: [...Array<string>(1000).fill('SFO'), ...Array<string>(150).fill('ORD')] },
    });
    const verdict = gate(report);
    expect(verdict.decision).toBe('block');
    expect(verdict.sentence).toContain('In origin = ORD (150 rows)');
    expect(verdict.sentence).toContain('worse by 20.0 points');
    expect(gate(report, { rules: [{ rule: 'superior' }] }).decision).toBe('promote');
  });

  test('Benjamini and Hochberg catch a slice that Holm lets pass, when the policy asks for them', () => {
    const slice = (onlyChampion: number, onlyChallenger: number) => [50, onlyChampion, onlyChallenger, 200];
    const cells = (value: string, [neither, champion, challenger, both]: number[]) => ({
      slice: 'origin',
      value,
      cells: [neither!, challenger!, champion!, both!],
    });
    // Three slices of ten that are worse with p of about 0.01 each.
    const slices = Array.from({ length: 10 }, (_, i) => cells(`s${i}`, i < 3 ? slice(17, 5) : slice(8, 9)));
    const all = [0, 1, 2, 3].map((cell) => slices.reduce((sum, own) => sum + own.cells[cell]!, 0));
    const report = compareCells({ task: 'multiclass', cells: all, slices });
    const rules = [{ rule: 'noHarm' }] as const;
    expect(gate(report, { rules }).decision).toBe('promote');
    expect(gate(report, { rules, correction: 'benjaminiHochberg' }).decision).toBe('block');
    expect(gate(report, { rules, correction: 'holm' }).policyDigest).toBe(gate(report, { rules }).policyDigest);
  });

  test('the same report and policy give the same bytes; another policy another digest', () => {
    const report = compare(rightness(BETTER));
    expect(gate(report)).toEqual(gate(report));
    expect(gate(JSON.parse(JSON.stringify(report)) as EvaluationReport).digest).toBe(gate(report).digest);
    expect(gate(report, { alpha: 0.01 }).policyDigest).not.toBe(gate(report).policyDigest);
    const { digest, ...body } = gate(report);
    expect(digestJson(body)).toBe(digest);
  });

  test('non-inferiority needs proof: equal rows rule out a large loss and not a small one', () => {
    const report = compare(rightness(EQUAL));
    const rule = (margin: number): GatePolicy => ({ rules: [{ rule: 'nonInferior', margin }] });
    expect(gate(report, rule(0.03)).decision).toBe('promote');
    expect(gate(report, rule(0.005)).decision).toBe('hold');
    expect(
      gate(compare(rightness({ both: 800, champion: 120, challenger: 20, neither: 60 })), rule(0.02)).decision,
    ).toBe('block');
  });

  test('two perfect rankings have no variance, and so prove nothing', () => {
    const truth = Array.from({ length: 100 }, (_, i) => i % 2);
    const scores = (gap: number) => Float64Array.from(truth, (y, i) => y * gap + i / 1_000);
    const report = compare({ truth, champion: scores(1), challenger: scores(0.5) });
    const verdict = gate(report, { rules: [{ rule: 'nonInferior', metric: 'rocAuc', margin: 0.01 }] });
    expect(verdict.decision).toBe('hold');
  });

  test('bounds on the challenger itself', () => {
    const report = compare(rightness(BETTER));
    const at = (value: number) => gate(report, { rules: [{ rule: 'atLeast', metric: 'accuracy', value }] }).decision;
    expect([at(0.9), at(0.955), at(0.99)]).toEqual(['promote', 'hold', 'block']);
    expect(gate(report, { rules: [{ rule: 'atMost', metric: 'falsePositiveRate', value: 0.5 }] }).decision).toBe(
      'promote',
    );
    const sliced = compare({
      ...rightness(BETTER),
      slices: { part: Array.from({ length: 1_000 }, (_, i) => (i < 40 ? 'few' : 'many')) },
    });
    const inPart = gate(sliced, { rules: [{ rule: 'atLeast', metric: 'accuracy', value: 0.5, slices: ['part'] }] });
    expect(inPart.sentence).toContain('In part = few the share of right answers stands on 40 rows, fewer than the 50');
    expect(inPart.decision).toBe('hold');
  });

  test('fairness by difference and ratio', () => {
    const truth = Array.from({ length: 2000 }, (_, i) => i % 2);
    const group = Array.from(truth, (_, i) => (i < 1000 ? 'a' : 'b'));
    const decided = (missed: number) =>
      Uint8Array.from(truth, (y, i) => (y === 1 && i >= 1000 && i % 10 < missed ? 0 : y));
    const judge = (missed: number, rule: { maxDifference?: number; minRatio?: number }) =>
      gate(compare({ truth, champion: decided(0), challenger: decided(missed), slices: { group } }), {
        rules: [{ rule: 'fair', slice: 'group', ...rule }],
      });
    expect(judge(0, { maxDifference: 0.05 }).decision).toBe('promote');
    expect(judge(6, { maxDifference: 0.05 }).decision).toBe('block');
    expect(judge(6, { minRatio: 0.8 }).sentence).toContain('from 40.0 % (b) to 100.0 % (a)');
    expect(judge(2, { minRatio: 0.8 }).decision).toBe('hold');
    expect(
      gate(compare(rightness(BETTER)), { rules: [{ rule: 'fair', slice: 'sex', maxDifference: 0.1 }] }).decision,
    ).toBe('hold');
  });
});

describe('rows of one unit are dependent', () => {
  // 40 users with 50 rows each; the challenger is right for 24 of them and wrong for 16, always.
  const users = Array.from({ length: 2_000 }, (_, i) => `user-${i % 40}`);
  const truth = users.map((_, i) => Math.floor(i / 40) % 2);
  const side = (better: (user: number) => boolean) => Uint8Array.from(truth, (y, i) => (better(i % 40) ? y : 1 - y));
  const options = { truth, champion: side((u) => u >= 24), challenger: side((u) => u < 24) };

  test('rows alone would promote; units say that 24 against 16 users is no proof', () => {
    expect(gate(compare(options)).decision).toBe('promote');
    const report = compare({ ...options, units: users, metrics: ['accuracy', 'recall', 'f1', 'brier', 'rocAuc'] });
    expect(report.units).toBe(40);
    const [accuracy] = report.overall.metrics;
    expect(accuracy!.difference).toMatchObject({ method: 'clustered@1', units: 40, n: 2_000 });
    // The mean of 24 times +1 and 16 times -1 over 40 users.
    expectNear(accuracy!.difference!.value, 0.2, 'difference');
    expectNear(accuracy!.difference!.standardError, Math.sqrt((1 - 0.04) / 39), 'standard error', { relative: 1e-6 });
    expect(gate(report).decision).toBe('hold');
    expect(report.overall.metrics.find((m) => m.metric === 'recall')!.difference?.method).toBe('clustered@1');
  });

  test('one unit per row agrees with rows; a metric that was not computed by unit holds', () => {
    const alone = compare({ ...options, units: users.map((_, i) => i), metrics: ['accuracy'] });
    const plain = compare({ ...options, metrics: ['accuracy'] });
    expectNear(
      alone.overall.metrics[0]!.difference!.standardError,
      plain.overall.metrics[0]!.difference!.standardError,
      'standard error',
      { relative: 1e-3 },
    );
    expect(gate(alone, { rules: [{ rule: 'superior', metric: 'recall' }] }).sentence).toContain('does not hold');
    expect(() => compare({ ...options, units: ['a'] })).toThrow('one per row');
  });

  test('losses by unit', () => {
    const y = Float64Array.from(users, (_, i) => i % 7);
    const report = compare({
      task: 'regression',
      truth: y,
      champion: y.map((v) => v + 1),
      challenger: y.map((v, i) => v + (i % 40 < 24 ? 0.5 : 1.5)),
      units: users,
      slices: { part: users.map((_, i) => (i < 1_000 ? 'a' : 'b')) },
    });
    const mae = report.overall.metrics.find((m) => m.metric === 'mae')!;
    expectNear(mae.difference!.value, -0.1, 'difference');
    expectNear(mae.difference!.standardError, 0.5 * Math.sqrt((1 - 0.04) / 39), 'standard error', { relative: 1e-6 });
    expect(report.slices[0]!.metrics[0]!.difference!.units).toBe(40);
  });
});

describe('a gap never promotes', () => {
  const options = rightness(BETTER);
  const scores = Float64Array.from(options.challenger as ArrayLike<number>);

  test('a NaN score of the challenger blocks, of the champion holds', () => {
    const broken = scores.slice();
    broken[3] = Number.NaN;
    expect(gate(compare({ ...options, challenger: { scores: broken } })).sentence).toBe(
      'Block: challenger gave no valid answer for 1 of 1,000 rows.',
    );
    const verdict = gate(compare({ ...options, champion: { scores: broken } }));
    expect(verdict.decision).toBe('hold');
  });

  test('no rows, few rows, no truth', () => {
    expect(gate(compare({ truth: [], champion: [], challenger: [] })).decision).toBe('hold');
    const few = gate(compare({ truth: [1, 0], champion: [0, 1], challenger: [1, 0] }));
    expect(few.decision).toBe('hold');
    expect(few.need).toMatchObject({ rows: expect.any(Number) });
    const blind = gate(compare({ ...options, truth: Array<null>(1000).fill(null) }));
    expect(blind.decision).toBe('hold');
    expect(blind.rules[0]!.notes[0]).toContain('1,000 rows have no truth');
  });

  test('unmatched row ids hold', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => i);
    const verdict = gate(
      compare({
        ...options,
        rowIds: ids,
        champion: { labels: options.champion as Uint8Array, rowIds: ids },
        challenger: { labels: options.challenger as Uint8Array, rowIds: ids.map((i) => i + 1) },
      }),
    );
    expect(verdict.decision).not.toBe('promote');
    expect(verdict.reasons.join(' ')).toContain('could not be matched');
  });

  test('a declared slice without rows, a named slice that is missing or too small', () => {
    const codes = Int32Array.from({ length: 1000 }, (_, i) => (i < 990 ? 0 : 1));
    const report = compare({ ...options, slices: { country: { codes, labels: ['NZ', 'AU', 'FJ'] } } });
    expect(gate(report).sentence).toBe('Hold: There is no row in country = FJ.');
    const named = (name: string) => gate(report, { rules: [{ rule: 'noHarm', slices: [name] }] });
    expect(named('country=NZ').decision).toBe('promote');
    expect(named('country=AU').sentence).toContain('10 rows, fewer than the 50');
    expect(named('planet').sentence).toBe('Hold: The report has no slice planet.');
  });

  test('slices that could hide the harm that matters hold when the policy asks', () => {
    const report = compare({ ...options, slices: { half: Array.from({ length: 1000 }, (_, i) => i % 2) } });
    const rule = (mustDetect: number) => gate(report, { rules: [{ rule: 'noHarm', mustDetect }] });
    expect(rule(0.2).decision).toBe('promote');
    const verdict = rule(0.01);
    expect(verdict.decision).toBe('hold');
    expect(verdict.need!.rows).toBeGreaterThan(1_000);
  });

  test('an undefined metric holds; a metric or a rule that does not exist is refused', () => {
    const negative = compare({
      truth: Array<number>(100).fill(0),
      champion: Array<number>(100).fill(0),
      challenger: Array<number>(100).fill(0),
    });
    const verdict = gate(negative, { rules: [{ rule: 'superior', metric: 'recall' }] });
    expect(verdict.decision).toBe('hold');
    expect(verdict.sentence).toContain('no row is positive');
    expect(() => gate(negative, { rules: [{ rule: 'superior', metric: 'magic' }] })).toThrow('accuracy');
    expect(() => gate(negative, JSON.parse('{"rules":[{"rule":"wish"}]}') as GatePolicy)).toThrow('gate policy');
    expect(() => gate(negative, { rules: [] })).toThrow('at least one rule');
    expect(() => gate(negative, { alpha: 0 })).toThrow('policy.alpha');
  });
});

interface SliceCase {
  readonly slice_columns: { readonly ink_bin: number[] };
  readonly min_support: number;
  readonly expected: {
    readonly overall: {
      readonly acc_a: number;
      readonly acc_b: number;
      readonly only_a: number;
      readonly only_b: number;
    };
    readonly slices: readonly {
      readonly slice: string;
      readonly n: number;
      readonly acc_a: number;
      readonly acc_b: number;
      readonly only_a: number;
      readonly only_b: number;
      readonly p_exact: number;
      readonly p_mid: number;
      readonly holm: number | null;
      readonly fdr_bh: number | null;
      readonly holm_reject: boolean;
      readonly fdr_bh_reject: boolean;
    }[];
  };
}
