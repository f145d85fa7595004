import { seededRandom } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import { reviewProjection, reviewQueue, reviewStatistics } from '@millwright/core/review';
import { memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  agreementBy,
  defineTaxonomy,
  krippendorffAlpha,
  labelDrift,
  labelling,
  type Rating,
} from '../../src/label/index.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 0, 5);
const CAUSES = defineTaxonomy('cause', [
  { id: 'delay', label: 'Delay' },
  { id: 'weather', label: 'Weather', parent: 'delay' },
  { id: 'crew', label: 'Crew', parent: 'delay' },
]);

async function office() {
  const clock = virtualClock(MONDAY);
  const random = seededRandom(3);
  const ledger = await openLedger({ log: memoryLog(), actor: 'system', clock, random });
  const options = { queue: 'causes', taxonomy: CAUSES, clock, random };
  return {
    clock,
    ledger,
    queue: await reviewQueue(ledger, { clock, random }),
    causes: await labelling(ledger, options),
    options,
  };
}

describe('labelling by several people', () => {
  test('goes from questions over two passes and adjudication to labels, agreement and drift', async () => {
    const { clock, ledger, queue, causes } = await office();
    const truth = (i: number) => (i % 2 === 0 ? 'weather' : 'crew');
    const items = Array.from({ length: 80 }, (_, i) => ({
      id: `flight-${i}`,
      cohort: i % 4 < 2 ? 'english' : 'german',
      ...(i === 0 ? { gold: 'weather' } : {}),
      suggestion: { label: 'weather', by: 'causes@1' },
    }));
    const isGerman = (subject: string) => subject.includes('german');
    /** Ana reads everything, Ben no German: there he always says weather. */
    const say = (who: string, subject: string) => {
      const right = truth(Number(/\d+/.exec(subject)![0]));
      return who === 'ben' && isGerman(subject) ? 'weather' : right;
    };
    const work = async (who: string) => {
      for (let taken = await queue.claim({ queue: 'causes', actor: who }); taken !== undefined; ) {
        // Nobody sees what the model or the others say.
        expect(taken.review).toMatchObject({ recommendation: undefined, gold: undefined, decisions: [] });
        const { id, subject } = taken.review;
        await queue.decide(id, { token: taken.claim.token, choice: say(who, subject), actor: who });
        await clock.advance(60_000);
        taken = await queue.claim({ queue: 'causes', actor: who });
      }
    };
    await causes.ask(items);
    await causes.ask(items.slice(0, 5));
    expect(causes.results()).toHaveLength(80);
    await work('ana');
    expect(causes.results().every(({ how }) => how === 'open')).toBe(true);
    await clock.advance(DAY);
    await work('ben');

    const disputed = causes.results().filter(({ how }) => how === 'disputed');
    expect(disputed).toHaveLength(20);
    const [first] = disputed;
    await expect(queue.adjudicate(first!.review, { choice: 'crew', actor: 'ana' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    for (const { review, item } of disputed)
      await queue.adjudicate(review, { choice: truth(Number(item.slice(7))), actor: 'lea', reason: 'Read it again.' });

    const results = causes.results();
    expect(results.map(({ label }) => label)).toEqual(items.map((_, i) => truth(i)));
    expect(results.filter(({ how }) => how === 'adjudicated')).toHaveLength(20);

    const [english, german] = agreementBy(causes.ratings(), { random: seededRandom(1) });
    expect(english).toMatchObject({ group: 'english', items: 40, raters: 2, observed: 1, alpha: 1, verdict: 'pass' });
    expect(german).toMatchObject({ group: 'german', observed: 0.5, verdict: 'fail' });
    expect(german!.interval!.upper).toBeLessThan(0.667);
    expect(reviewStatistics(ledger.state(reviewProjection), 'causes').reviewers.get('ana')?.goldAccuracy).toBe(1);

    const spoken = causes
      .ratings()
      .filter(({ rater }) => rater === 'ben')
      .map(({ label }) => label);
    expect(
      labelDrift(
        results.map(({ label }) => label),
        spoken,
      ).verdict,
    ).toBe('fail');
  });

  test('asks again under another taxonomy, and needs two labels to choose from', async () => {
    const { ledger, causes, options } = await office();
    await causes.ask([{ id: 'a' }]);
    const more = defineTaxonomy('cause', [...CAUSES.nodes, { id: 'other', label: 'Other' }]);
    const second = await labelling(ledger, { ...options, taxonomy: more });
    await second.ask([{ id: 'a' }]);
    expect(second.results()[0]?.review).not.toBe(causes.results()[0]?.review);
    expect(causes.results()).toHaveLength(1);
    const one = defineTaxonomy('cause', [{ id: 'only', label: 'Only' }]);
    await expect(labelling(ledger, { ...options, taxonomy: one })).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('an item that runs out of time has no label', async () => {
    const { clock, queue, causes } = await office();
    await causes.ask([{ id: 'a', dueAt: MONDAY + HOUR }]);
    await clock.advance(HOUR);
    await queue.expire();
    expect(causes.results()).toMatchObject([{ item: 'a', label: undefined, how: 'timeout' }]);
  });
});

describe('agreement by groups', () => {
  const rate = (item: number, rater: string, label: string, time = 0): Rating => ({
    item: `${item}`,
    rater,
    label,
    time,
  });

  test('by windows of time shows the week in which a rater lost the thread', () => {
    const ratings = Array.from({ length: 120 }, (_, i) => {
      const time = MONDAY + Math.floor(i / 40) * 7 * DAY;
      const label = i % 3 === 0 ? 'a' : 'b';
      return [rate(i, 'ana', label, time), rate(i, 'ben', i >= 80 && i % 2 === 0 ? 'a' : label, time)];
    }).flat();
    const weeks = agreementBy(ratings, { by: { windowMs: 7 * DAY }, random: seededRandom(5) });
    expect(weeks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'fail']);
    expect(Number(weeks[1]!.group) - Number(weeks[0]!.group)).toBe(7 * DAY);
  });

  test('says nothing about one label, single ratings or few items; a second rating replaces the first', () => {
    const random = seededRandom(5);
    const same = [1, 2, 3].flatMap((i) => [rate(i, 'ana', 'a'), rate(i, 'ben', 'a')]);
    expect(agreementBy(same, { random })).toMatchObject([{ observed: 1, alpha: undefined, verdict: 'insufficient' }]);
    expect(agreementBy([rate(1, 'ana', 'a')], { random })).toMatchObject([
      { items: 0, observed: undefined, alpha: undefined, verdict: 'insufficient' },
    ]);
    const twice = [
      rate(1, 'ana', 'b'),
      rate(1, 'ana', 'a'),
      rate(1, 'ben', 'a'),
      rate(2, 'ana', 'b'),
      rate(2, 'ben', 'b'),
    ];
    expect(agreementBy(twice, { random })).toMatchObject([{ observed: 1, alpha: 1, verdict: 'insufficient' }]);
    expect(agreementBy([], { random })).toEqual([]);
    expect(() => agreementBy(same, { random, labels: ['b'] })).toThrow(/labels/);
    expect(() => agreementBy([{ item: '1', rater: 'a', label: 'x' }], { random, by: { windowMs: 1 } })).toThrow(/time/);
  });

  test('property: one group of everything has the alpha of all ratings', () => {
    const cell = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 }), (table) => {
        const ratings = table.flatMap((row, i) =>
          row.flatMap((label, r) => (label === undefined ? [] : [rate(i, `r${r}`, label)])),
        );
        const columns = [0, 1, 2].map((r) =>
          table.map((row) => (row[r] === undefined ? undefined : 'abc'.indexOf(row[r]))),
        );
        const [group] = agreementBy(ratings, { random: seededRandom(1), replicates: 20 });
        const alpha = krippendorffAlpha(columns);
        if (alpha === undefined) expect(group?.alpha).toBeUndefined();
        else expect(group?.alpha).toBeCloseTo(alpha, 12);
      }),
    );
  });
});
