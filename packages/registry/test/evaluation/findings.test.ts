import { MillwrightError, type Predictor, seededRandom } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import {
  bless,
  compare,
  contractTest,
  type Finding,
  formatBaseline,
  type GateRule,
  gate,
  judgePairs,
  loadTest,
  metricsOf,
  parseBaseline,
  robustnessTest,
  shakeField,
  toMarkdown,
  toStatement,
  withoutField,
} from '../../src/evaluation/index.js';

const truth = Float64Array.from({ length: 2_000 }, (_, i) => i % 2);
const wrong = (every: number) => truth.map((y, i) => (i % every === 0 ? 1 - y : y));
const report = compare({
  truth,
  champion: { name: 'delay@1', labels: wrong(5) },
  challenger: { name: 'delay@2', labels: wrong(10) },
  slices: { half: Array.from(truth, (_, i) => (i < 1_000 ? 'first' : 'second')) },
});
const judged = (rule: GateRule, ...findings: Finding[]) =>
  gate(report, { rules: [rule] }, findings).rules.find(
    (result) => result.rule === rule || result.rule.rule === rule.rule,
  )!;

/** A predictor on a virtual clock: one request at a time, each for `serviceMs`. */
function queue(clock: ReturnType<typeof virtualClock>, serviceMs: (k: number) => number): Predictor<number, number> {
  let free = 0;
  let count = 0;
  return {
    predict: (input) => {
      const k = count++;
      if (k === 3)
        return Promise.reject(
          new MillwrightError('input/invalid', 'no', { details: { name: 'x', expected: 'y', received: 'z' } }),
        );
      free = Math.max(free, clock.monotonic()) + serviceMs(k);
      return new Promise((resolve) => clock.schedule(free - clock.monotonic(), () => resolve(input)));
    },
  };
}

describe('load test', () => {
  const run = async (serviceMs: (k: number) => number, requests: number, warmUp = 10) => {
    const clock = virtualClock(0);
    const pending = loadTest(queue(clock, serviceMs), {
      subject: 'delay@2',
      inputs: [1, 2, 3],
      ratePerSecond: 100,
      requests,
      warmUp,
      arrivals: 'even',
      deadlineMs: 50,
      costOf: (output) => output,
      environment: 'virtual',
      clock,
    });
    for (let step = 0; step < 4_000; step++) await clock.advance(10);
    return pending;
  };

  test('a fast predictor passes, and the report is plain and repeatable', async () => {
    const load = await run(() => 4, 1_000);
    expect(load).toMatchObject({ requests: 1_000, warmUp: 10, failed: 0, missedDeadlines: 0 });
    expect(load.latency[0]).toMatchObject({ quantile: 0.5, ms: 4, lowerMs: 4, upperMs: 4 });
    expect(load.cost!.mean).toBeCloseTo(2, 2);
    expect(JSON.parse(JSON.stringify(load))).toEqual(load);
    expect((await run(() => 4, 1_000)).digest).toBe(load.digest);
    const verdict = gate(
      report,
      {
        rules: [
          { rule: 'superior' },
          { rule: 'latency', quantile: 0.99, maxMs: 5 },
          { rule: 'cost', maxPerRequest: 2.1 },
        ],
      },
      [load],
    );
    expect(verdict.decision).toBe('promote');
    expect(verdict.findings).toEqual([{ schema: 'millwright.load@1', digest: load.digest }]);
    expect(verdict.metrics).toContainEqual({ metric: 'latencyMs.0.99', value: 4 });
    expect(judged({ rule: 'cost', maxPerRequest: 1.5 }, load).verdict).toBe('fail');
    expect(judged({ rule: 'cost', maxPerRequest: 2 }, load).verdict).toBe('insufficient');
  });

  test('a stall is felt by everything behind it: no coordinated omission', async () => {
    const load = await run((k) => (k === 500 ? 1_000 : 4), 1_000);
    const p90 = load.latency.find(({ quantile }) => quantile === 0.9)!;
    // One request of a second every ten; sent one after the other, 1 of 1,000 would have been slow.
    expect(p90.ms).toBeGreaterThan(300);
    expect(load.missedDeadlines).toBeGreaterThan(100);
    expect(judged({ rule: 'latency', quantile: 0.9, maxMs: 50 }, load).verdict).toBe('fail');
  });

  test('failures are requests that were never answered', async () => {
    const load = await run(() => 4, 1_000, 0);
    expect(load).toMatchObject({ failed: 1, failures: { 'input/invalid': 1 } });
    expect(judged({ rule: 'latency', quantile: 0.5, maxMs: 50 }, load).verdict).toBe('fail');
    expect(judged({ rule: 'latency', quantile: 0.5, maxMs: 50, maxFailures: 0.02 }, load).verdict).toBe('pass');
    expect(judged({ rule: 'latency', quantile: 0.999, maxMs: 50, maxFailures: 0.02 }, load).verdict).toBe(
      'insufficient',
    );
  });

  test('too few requests, another model, no costs and no test leave the gate open', async () => {
    const load = await run(() => 4, 100);
    const rule = { rule: 'latency', quantile: 0.99, maxMs: 5 } as const;
    expect(judged(rule, load)).toMatchObject({ verdict: 'insufficient', need: { rows: 268 } });
    expect(judged(rule, { ...load, subject: 'delay@7' }).sentence).toBe('The load test is not of delay@2.');
    expect(judged(rule).sentence).toBe('There is no load test.');
    expect(judged(rule, load, load).verdict).toBe('insufficient');
    expect(judged({ ...rule, quantile: 0.42 }, load).sentence).toContain('name it in its `quantiles`');
    const { cost: _, ...free } = load;
    expect(judged({ rule: 'cost', maxPerRequest: 9 }, free).verdict).toBe('insufficient');
    expect(gate(report, { rules: [{ rule: 'superior' }, rule] }).decision).toBe('hold');
    await expect(
      loadTest(
        queue(virtualClock(0), () => 1),
        { subject: 'x', inputs: [], ratePerSecond: 1, requests: 1 },
      ),
    ).rejects.toThrow('at least one input');
  });
});

describe('contract test', () => {
  const contract = defineContract({
    inputs: { miles: column.number({ min: 0 }) },
    outputs: { late: column.probability() },
  });
  const inputs = Array.from({ length: 200 }, (_, miles) => ({ miles }));
  const testOf = (predict: (input: { miles: number }) => unknown, more = {}) =>
    contractTest(
      { predict: async (input: { miles: number }) => predict(input) },
      { subject: 'delay@2', contract, inputs, ...more },
    );
  const rule = { rule: 'contract' } as const;

  test('answers that keep it pass; one that does not fails', async () => {
    const fine = await testOf(({ miles }) => ({ late: miles / 1_000 }));
    expect(fine).toMatchObject({ checked: 200, failed: 0, violated: 0, changed: 0 });
    expect(judged(rule, fine)).toMatchObject({ verdict: 'pass', sentence: 'All 200 answers keep the contract.' });
    const broken = await testOf(({ miles }) => ({ late: miles / 150 }));
    expect(broken.violated).toBe(49);
    expect(broken.samples).toHaveLength(10);
    expect(judged(rule, broken)).toMatchObject({ verdict: 'fail' });
    expect(judged(rule, broken).sentence).toContain('49 answers break the contract');
  });

  test('answers that depend on their neighbours, throw, or break an invariant fail', async () => {
    let calls = 0;
    const drifting = await testOf(() => ({ late: (calls++ % 7) / 10 }));
    expect(drifting.changed).toBeGreaterThan(100);
    expect(judged(rule, drifting).verdict).toBe('fail');
    expect(judged({ ...rule, allowChanged: true }, drifting).verdict).toBe('pass');
    const tolerated = await testOf(() => ({ late: 0.5 + (calls++ % 7) / 1e9 }), { tolerance: 1e-6 });
    expect(tolerated.changed).toBe(0);
    const throwing = await testOf(({ miles }) => {
      if (miles === 3) throw new TypeError('no');
      return { late: 0.5 };
    });
    expect(throwing.failed).toBe(1);
    expect(judged(rule, throwing).sentence).toContain('it threw for 1');
    const invariants = { 'farther is later': (output: { late: number }) => output.late > 0.5 };
    expect((await testOf(() => ({ late: 0.5 }), { invariants })).broken).toEqual({ 'farther is later': 200 });
    const unreadable = { odd: () => JSON.parse('{') as boolean };
    expect((await testOf(() => ({ late: 0.5 }), { invariants: unreadable })).broken).toEqual({ odd: 200 });
  });

  test('too few valid inputs leave the gate open', async () => {
    const few = await testOf(() => ({ late: 0.5 }), { inputs: [{ miles: 1 }, { miles: -1 }] });
    expect(few).toMatchObject({ checked: 1, invalidInputs: 1 });
    expect(judged(rule, few)).toMatchObject({ verdict: 'insufficient', need: { rows: 49 } });
    expect(judged({ ...rule, minChecked: 1 }, few).verdict).toBe('pass');
    expect(judged(rule).verdict).toBe('insufficient');
  });
});

describe('robustness test', () => {
  const random = seededRandom(3);
  const rows = Array.from({ length: 1_500 }, () => {
    const hour = Math.floor(24 * random.next());
    return { input: { hour, origin: 'SFO' }, truth: hour >= 12 };
  });
  type Input = { readonly hour: number; readonly origin?: string };
  const predictor: Predictor<Input, boolean> = {
    predict: async ({ hour }) => {
      if (hour === undefined) throw new TypeError('no hour');
      return hour >= 12;
    },
  };
  const testOf = (...perturbations: { name: string; apply: (input: Input, random: { next(): number }) => Input }[]) =>
    robustnessTest(predictor, {
      subject: 'delay@2',
      rows,
      perturbations,
      benefit: (output, expected) => Number(output === expected),
    });

  test('small changes are withstood, large ones are not, and the rows say which', async () => {
    const found = await testOf(shakeField<Input>('hour', 0.4), shakeField<Input>('hour', 6), {
      name: 'without origin',
      apply: ({ hour }) => ({ hour }),
    });
    expect(found.perturbations.map(({ unchanged }) => unchanged)).toEqual([false, false, true]);
    const rule = { rule: 'robust', maxLoss: 0.05 } as const;
    expect(judged({ ...rule, to: ['hour ± 0.4', 'without origin'] }, found).verdict).toBe('pass');
    expect(judged(rule, found)).toMatchObject({ verdict: 'fail' });
    expect(judged(rule, found).sentence).toContain('With hour ± 6 the benefit goes from 1 to 0.');
    expect(judged({ ...rule, to: ['fog'] }, found).sentence).toBe('Not tested: fog.');
    const near = found.perturbations[0]!.difference!.value;
    expect(judged({ ...rule, to: ['hour ± 0.4'], maxLoss: -near }, found).verdict).toBe('insufficient');
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test('an input without a field that makes it throw is a failure, not a row less', async () => {
    const found = await testOf(withoutField<Input>('hour'));
    expect(found.perturbations[0]).toMatchObject({ n: 0, failed: 1_500 });
    expect(judged({ rule: 'robust', maxLoss: 1 }, found)).toMatchObject({
      verdict: 'fail',
      sentence: 'With without hour it gives no answer for 1,500 inputs.',
    });
  });

  test('numeric benefits, failing plain inputs and no perturbation', async () => {
    const numeric = await robustnessTest(
      { predict: async ({ hour }: { hour: number }) => hour },
      {
        subject: 'delay@2',
        rows: rows.map(({ input }) => ({ input, truth: input.hour })),
        perturbations: [shakeField('hour', 0.5)],
        benefit: (output, hour) => -Math.abs(output - hour),
      },
    );
    expect(numeric.perturbations[0]!.difference!.method).toBe('paired-mean@1');
    expect(judged({ rule: 'robust', maxLoss: 0.3 }, numeric).verdict).toBe('pass');
    expect(judged({ rule: 'robust', maxLoss: 0.2 }, numeric).verdict).toBe('fail');
    expect(judged({ rule: 'robust', maxLoss: 1 }, await testOf()).verdict).toBe('insufficient');
    expect(judged({ rule: 'robust', maxLoss: 1 }, { ...numeric, failed: 1 }).verdict).toBe('insufficient');
  });
});

describe('pairwise judgement', () => {
  const pairs = Array.from({ length: 200 }, (_, i) => ({
    id: `q${i}`,
    input: i,
    champion: 'no',
    challenger: i % 5 === 0 ? '' : 'yes, because',
  }));
  const names = { champion: 'delay@1', challenger: 'delay@2' };
  const judge = {
    model: 'length@1',
    prompt: 'Which is longer?',
    rubric: '1',
    ask: ({ first, second }: { first: string; second: string }): unknown =>
      first.length > second.length ? 'first' : 'second',
  };

  test('a preference beyond chance passes, the other way round it fails', async () => {
    const found = await judgePairs(judge, pairs, names);
    expect(judged({ rule: 'preferred' }, found).verdict).toBe('pass');
    expect(judged({ rule: 'preferred', judge: found.judge.digest, minConsistency: 0.9 }, found).verdict).toBe('pass');
    const other = await judgePairs(
      judge,
      pairs.map((p) => ({ ...p, champion: p.challenger, challenger: p.champion })),
      names,
    );
    expect(judged({ rule: 'preferred' }, other).verdict).toBe('fail');
    expect(judged({ rule: 'preferred', atLeast: 0.6 }, found).verdict).toBe('insufficient');
  });

  test('an exception, an answer that cannot be read, an inconsistent or another judge: never promote', async () => {
    const failing = await judgePairs(
      {
        ...judge,
        ask: (q: { input: number; first: string; second: string }) => (q.input === 7 ? JSON.parse('{') : judge.ask(q)),
      },
      pairs,
      names,
    );
    expect(failing.pairs.undecided).toBe(1);
    expect(judged({ rule: 'preferred' }, failing)).toMatchObject({ verdict: 'insufficient' });
    expect(judged({ rule: 'preferred', maxUndecided: 0.01 }, failing).verdict).toBe('pass');
    const biased = await judgePairs({ ...judge, ask: () => 'first' }, pairs, names);
    expect(judged({ rule: 'preferred', minConsistency: 0.8 }, biased).sentence).toContain('0.0 % of 200 only');
    const found = await judgePairs(judge, pairs, names);
    expect(judged({ rule: 'preferred', judge: failing.digest }, found).verdict).toBe('insufficient');
    expect(judged({ rule: 'preferred', minAnchorAgreement: 0.9 }, found).sentence).toContain('there is no anchor');
    expect(judged({ rule: 'preferred' }, { ...found, champion: 'delay@0' }).verdict).toBe('insufficient');
    expect(judged({ rule: 'preferred' }, await judgePairs(judge, pairs.slice(0, 20), names))).toMatchObject({
      need: { rows: 30 },
    });
    expect(judged({ rule: 'preferred' }).verdict).toBe('insufficient');
  });
});

describe('baseline', () => {
  const baseline = bless(report, { by: 'ines', reason: 'First figures.', time: 0 });
  const later = (every: number, n = truth.length) =>
    compare({
      truth: n === truth.length ? truth : Float64Array.from({ length: n }, (_, i) => i % 2),
      champion: {
        name: 'delay@2',
        labels: Float64Array.from({ length: n }, (_, i) => (i % 10 === 0 ? 1 - (i % 2) : i % 2)),
      },
      challenger: {
        name: 'delay@3',
        labels: Float64Array.from({ length: n }, (_, i) => (i % every === 0 ? 1 - (i % 2) : i % 2)),
      },
    });
  const rule = { rule: 'baseline', metric: 'accuracy' } as const;
  const ruled = (...given: Parameters<typeof gate>) => gate(...given).rules[1]!;

  test('the file survives a round trip, and an edit by hand does not', () => {
    const file = formatBaseline(baseline);
    expect(file.split('\n').filter((line) => line.includes('"id"'))).toHaveLength(baseline.figures.length);
    expect(parseBaseline(file)).toEqual(baseline);
    expect(() => parseBaseline(file.replace('0.9', '0.8'))).toThrow('Do not edit a baseline');
    expect(() => parseBaseline('{')).toThrow('JSON');
    expect(() => parseBaseline('{}')).toThrow('a baseline file');
    expect(() => bless(report, { by: ' ', reason: 'x', time: 0 })).toThrow('who blesses');
    expect(() => bless(report, { by: 'x', reason: '', time: 0 })).toThrow('why');
  });

  test('on the same rows any loss beyond the allowance counts', () => {
    expect(ruled(later(10), { rules: [rule] }, [baseline]).verdict).toBe('pass');
    expect(ruled(later(9), { rules: [rule] }, [baseline]).verdict).toBe('fail');
    expect(ruled(later(9), { rules: [{ ...rule, maxLoss: 0.02 }] }, [baseline]).verdict).toBe('pass');
  });

  test('on other rows a loss beyond chance does', () => {
    expect(ruled(later(9, 1_998), { rules: [rule] }, [baseline]).verdict).toBe('pass');
    expect(ruled(later(5, 1_998), { rules: [rule] }, [baseline]).verdict).toBe('fail');
  });

  test('no baseline, none of this metric or slice, and two of them leave the gate open', () => {
    expect(gate(report, { rules: [rule] }).decision).toBe('hold');
    expect(gate(report, { rules: [rule] }).sentence).toContain('`bless`');
    expect(judged({ ...rule, slices: ['half', 'overall'] }, baseline).verdict).toBe('pass');
    expect(judged({ ...rule, slices: ['hour'] }, baseline).verdict).toBe('insufficient');
    expect(judged(rule, baseline, baseline).verdict).toBe('insufficient');
    expect(judged({ rule: 'baseline', metric: 'f05' }, baseline).sentence).toContain('The baseline has no f05');
  });
});

test('every rule has a claim and a line', () => {
  const rules: GateRule[] = [
    { rule: 'latency', quantile: 0.95, maxMs: 5 },
    { rule: 'cost', maxPerRequest: 1 },
    { rule: 'contract' },
    { rule: 'robust', maxLoss: 0.1 },
    { rule: 'preferred' },
    { rule: 'baseline' },
  ];
  const verdict = gate(report, { rules });
  expect(verdict.decision).toBe('hold');
  const statement = toStatement(report, verdict, {
    subject: { name: 'delay@2', digest: report.digest },
    verifier: 'https://example.test',
    evaluatedAtMs: 0,
  });
  expect((statement.predicate['claims'] as unknown[]).length).toBe(6);
  expect(toMarkdown(report, verdict)).toContain('There is no contract test.');
  expect(() => gate(report, { rules: [{ rule: 'latency', quantile: 95, maxMs: 1 }] })).toThrow('gate policy');
  expect(metricsOf('binary').length).toBeGreaterThan(0);
});
