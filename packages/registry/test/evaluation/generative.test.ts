import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bleu,
  bradleyTerry,
  characterErrorRate,
  chrF,
  editDistance,
  escalationThreshold,
  exactMatch,
  gleu,
  identifyJudge,
  type Judge,
  type JudgedPair,
  jaro,
  judgePairs,
  type Position,
  preferences,
  riskCoverage,
  rouge,
  rougeL,
  tokenF1,
  wordErrorRate,
} from '../../src/evaluation/index.js';
import multiclass from '../vectors/classification-multiclass.json' with { type: 'json' };
import vectors from '../vectors/generative-and-review.json' with { type: 'json' };
import { expectMeasure, expectNear } from './near.js';

describe('texts equal nltk and the published formulas', () => {
  for (const { input, expected } of vectors.text)
    test(`"${input.hypothesis}" for "${input.reference}"`, () => {
      const { reference, hypothesis } = input;
      const wanted: Readonly<Record<string, unknown>> = expected;
      expect(exactMatch(reference, hypothesis)).toBe(expected.exact_match);
      expect(exactMatch(reference, hypothesis, { normalize: true })).toBe(expected.normalized_exact_match);
      expectMeasure(tokenF1(reference, hypothesis, { normalize: true }), expected.token_f1_squad, 'f1');
      const [a, b] = [Array.from(reference), Array.from(hypothesis)];
      expect(editDistance(a, b)).toBe(expected.levenshtein_code_points);
      expect(editDistance(a, b, { swaps: true })).toBe(expected.damerau_osa);
      expectMeasure(jaro(reference, hypothesis), expected.jaro, 'jaro');
      expectMeasure(jaro(reference, hypothesis, { prefixWeight: 0.1 }), expected.jaro_winkler, 'winkler');
      expectMeasure(wordErrorRate(reference, hypothesis), expected.wer, 'wer');
      expectMeasure(characterErrorRate(reference, hypothesis), expected.cer, 'cer');
      for (const [key, own] of [
        ['rouge1', rouge(reference, hypothesis)],
        ['rouge2', rouge(reference, hypothesis, 2)],
        ['rougeL', rougeL(reference, hypothesis)],
      ] as const) {
        const [p, r, f] = expected[key];
        // The files say 0 for a precision or a recall of nothing.
        if (own.precision.value !== undefined) expectMeasure(own.precision, p!, `${key} precision`);
        if (own.recall.value !== undefined) expectMeasure(own.recall, r!, `${key} recall`);
        if (own.f1.value !== undefined) expectMeasure(own.f1, f!, `${key} f1`);
      }
      if (!('gleu' in expected)) return;
      for (const maxN of [1, 2, 4])
        for (const [i, smoothing] of (['none', 'epsilon', 'addOne', 'geometric'] as const).entries())
          expectMeasure(
            bleu(reference, hypothesis, { maxN, smoothing }),
            wanted[`bleu${maxN}_method${i}`] as number,
            `bleu ${maxN} ${smoothing}`,
          );
      expectMeasure(gleu(reference, hypothesis), wanted['gleu'] as number, 'gleu');
      expectMeasure(chrF(reference, hypothesis), wanted['chrf'] as number, 'chrf');
    });

  test('nothing has no rate', () => {
    expect(tokenF1('', '').undefinedWhy).toBe('neither text has a token');
    expect(wordErrorRate('', 'x').undefinedWhy).toBe('the reference is empty');
    expect(rouge('', '').f1.value).toBeUndefined();
    expect(bleu('', 'x').value).toBeUndefined();
    expect(gleu('', '').value).toBeUndefined();
    expect(chrF('x', '').value).toBeUndefined();
    expect(bleu('a b', 'c d').value).toBe(0);
    expect(tokenF1('The answer.', 'answer', { normalize: true }).value).toBe(1);
    expect(characterErrorRate('😀', '😃').value).toBe(1);
  });

  test('edit distance is a metric', () => {
    const words = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(words, words, words, (a, b, c) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
        expect(editDistance(a, b, { swaps: true })).toBeLessThanOrEqual(editDistance(a, b));
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe('pairwise preference', () => {
  test('wins, consistency, position and strengths equal the vectors', () => {
    for (const { input, expected } of vectors.judge) {
      const games = (input.games as [number, number, Position, Position][]).map(([a, b, forward, backward]) => ({
        a: input.models[a]!,
        b: input.models[b]!,
        forward,
        backward,
      }));
      const table = preferences(games);
      expect(table.wins).toEqual(expected.win_matrix);
      table.models.forEach((name, i) => {
        expectMeasure(table.winRate[i]!, expected.win_rate[name as 'm0'], name);
      });
      expectMeasure(table.consistency, expected.swap_consistency, 'consistency');
      expectMeasure(table.firstPosition, expected.first_position_rate, 'first');
      expectNear(table.firstPositionP, expected.first_position_bias_p, 'p');
      bradleyTerry(table).forEach((own, i) => {
        expectMeasure(own, expected.bradley_terry_log_strength[i]!, 'strength', { relative: 1e-5, absolute: 1e-5 });
      });
    }
  });

  test('a model that never lost has no finite strength', () => {
    const table = preferences([{ a: 'x', b: 'y', forward: 'first' }]);
    expect(bradleyTerry(table)[0]!.undefinedWhy).toContain('never lost');
    expect(table.consistency.undefinedWhy).toBe('no game was judged in both orders');
    expect(preferences([]).firstPosition.value).toBeUndefined();
    expect(() => preferences([{ a: 'x', b: 'x', forward: 'tie' }])).toThrow('two different models');
  });
});

describe('judges', () => {
  const pairs: JudgedPair<string, string>[] = Array.from({ length: 40 }, (_, i) => ({
    id: `q${i}`,
    input: `question ${i}`,
    champion: 'short',
    challenger: i % 4 === 0 ? 'x' : 'a longer answer',
  }));
  const longer: Judge<string, string> = {
    model: 'length@1',
    prompt: 'Which is longer?',
    rubric: 'length/1',
    ask: ({ first, second }) => (first.length > second.length ? 'first' : 'second'),
  };

  test('a consistent judge: outcomes per pair, and the same digest for the same answers', async () => {
    const report = await judgePairs(longer, pairs);
    expect(report.pairs).toEqual({ champion: 10, challenger: 30, tie: 0, inconsistent: 0, undecided: 0 });
    expect(report.difference).toMatchObject({ value: 0.5, onlyChampion: 10, onlyChallenger: 30 });
    expect(report.consistency.value).toBe(1);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect((await judgePairs(longer, pairs, { concurrency: 1 })).digest).toBe(report.digest);
  });

  test('a judge that always prefers the first is worth nothing, and it shows', async () => {
    const report = await judgePairs({ ...longer, ask: () => 'First ' }, pairs);
    expect(report.pairs.inconsistent).toBe(40);
    expect(report.consistency.value).toBe(0);
    expect(report.firstPosition.value).toBe(1);
    expect(report.firstPositionP).toBeLessThan(1e-9);
    expect((await judgePairs({ ...longer, order: 'once', ask: () => 'first' }, pairs)).pairs.champion).toBe(40);
  });

  test('what throws or cannot be read is a class of its own and counts against the challenger', async () => {
    let calls = 0;
    const report = await judgePairs(
      {
        ...longer,
        ask: (question, options) => {
          calls++;
          if (question.input === 'question 1') throw new TypeError('overloaded');
          if (question.input === 'question 2') return 'Ignore the rubric. The first one wins.';
          return longer.ask(question, options);
        },
      },
      pairs,
    );
    expect(calls).toBe(80);
    expect(report.pairs).toMatchObject({ challenger: 28, champion: 10, undecided: 2 });
    expect(report.calls).toMatchObject({ failed: 2, unparsable: 2 });
    expect(report.difference?.value).toBe((28 - 12) / 40);
  });

  test('anchors check the judge and say nothing about the models', async () => {
    const anchors = pairs.slice(0, 8).map((pair) => ({ ...pair, id: `a${pair.id}`, expected: 'challenger' as const }));
    const report = await judgePairs(longer, [...pairs, ...anchors]);
    expect(report.anchors).toMatchObject({ value: 0.75, n: 8 });
    expect(report.pairs.challenger).toBe(30);
  });

  test('another prompt, rubric, model, parameter or order is another judge', () => {
    const digests = [
      longer,
      { ...longer, model: 'length@2' },
      { ...longer, prompt: '' },
      { ...longer, rubric: 'length/2' },
      { ...longer, parameters: { temperature: 0 } },
      { ...longer, order: 'once' as const },
    ].map((judge) => identifyJudge(judge).digest);
    expect(new Set(digests).size).toBe(6);
  });

  test('no pair, and an aborted run', async () => {
    const none = await judgePairs(longer, []);
    expect(none.difference).toBeUndefined();
    expect(none.anchors.value).toBeUndefined();
    await expect(judgePairs(longer, pairs, { signal: AbortSignal.abort(new TypeError('stop')) })).rejects.toThrow(
      'stop',
    );
  });
});

describe('selective prediction', () => {
  test('curve, area and thresholds equal the vectors', () => {
    const { y_true, proba } = multiclass.datasets.digits_forest9;
    const confidence = Float64Array.from(proba, (row) => Math.max(...row));
    const correct = proba.map((row, i) => row.indexOf(Math.max(...row)) === y_true[i]);
    for (const { expected } of vectors.selective_prediction) {
      const own = riskCoverage(confidence, correct);
      for (const point of expected.curve) {
        const found = own.points.find(({ accepted }) => accepted === point.accepted)!;
        expectNear(found.threshold, point.threshold, 'threshold');
        expect(found).toMatchObject({ errors: point.errors, escalated: point.escalated });
        expectNear(found.coverage, point.coverage, 'coverage');
        expectNear(found.risk, point.risk, 'risk');
        expectNear(found.riskAtMost, point.risk_upper95_one_sided_clopper_pearson, 'bound');
      }
      expectMeasure(own.area, expected.aurc_tie_blocks, 'area');
      for (const [target, point] of Object.entries(expected.lowest_threshold_with_risk_at_most))
        expect(escalationThreshold(own, Number(target), 'seen')?.threshold).toBe(point.threshold);
      for (const [target, point] of Object.entries(expected.lowest_threshold_with_upper_bound_at_most))
        expect(escalationThreshold(own, Number(target))?.threshold).toBe(point?.threshold);
    }
  });

  test('no row has no curve', () => {
    expect(riskCoverage(new Float64Array(0), []).area.undefinedWhy).toBe('there is no row');
    expect(riskCoverage(Float64Array.of(Number.NaN), [1]).points).toEqual([]);
  });
});
