import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/index.js';
import { type Ledger, openLedger } from '../../src/ledger/index.js';
import { type ReviewQueue, reviewProjection, reviewQueue, reviewStatistics } from '../../src/review/index.js';
import { memoryHint, memoryLog, memoryStorage } from '../../src/storage/index.js';
import { virtualClock } from '../../src/testing/index.js';

const MINUTE = 60_000;

async function desk() {
  const clock = virtualClock(1_000_000);
  const random = seededRandom(7);
  const ledger = await openLedger({ log: memoryLog(), actor: 'system', clock, random });
  return { clock, ledger, queue: await reviewQueue(ledger, { clock, random }) };
}

const approval = { subject: 'flight-delay@3', question: 'May it serve?' };

/** Claims and decides in one go. */
async function decideAs(queue: ReviewQueue, actor: string, choice: string) {
  const taken = await queue.claim({ actor });
  return queue.decide(taken!.review.id, { token: taken!.claim.token, choice, reason: 'looked at it', actor });
}

describe('a review', () => {
  test('is asked, claimed, decided and closed', async () => {
    const { clock, queue } = await desk();
    const { id } = await queue.request({ ...approval, recommendation: { choice: 'approve', confidence: 0.9 } });
    const taken = await queue.claim({ actor: 'ravi' });
    expect(taken?.review.recommendation?.choice).toBe('approve');
    await clock.advance(3 * MINUTE);
    const closed = await queue.decide(id, { token: taken!.claim.token, choice: 'approve', actor: 'ravi' });
    expect(closed).toMatchObject({ status: 'closed', outcome: { choice: 'approve', how: 'agreed' } });
    expect(closed.decisions[0]?.by).toBe('ravi');
    expect(closed.decisions[0]?.tookMs).toBeCloseTo(3 * MINUTE, -2);
    expect(queue.open()).toEqual([]);
  });

  test('goes on from a checkpoint as if everything had been folded', async () => {
    const clock = virtualClock(1_000_000);
    const storage = { ...memoryStorage(), hint: memoryHint() };
    const open = () =>
      openLedger({ ...storage, actor: 'system', clock, random: seededRandom(7), projections: [reviewProjection] });
    const ledger = await open();
    const queue = await reviewQueue(ledger, { clock, random: seededRandom(8) });
    await queue.request({ ...approval, id: 'closed' });
    await decideAs(queue, 'ravi', 'approve');
    await queue.request({ ...approval, id: 'half', decisionsNeeded: 2, dueAt: 9_000_000 });
    await decideAs(queue, 'ravi', 'approve');
    await queue.request({ ...approval, id: 'late', dueAt: 1_000_000 + MINUTE });
    const taken = await queue.claim({ actor: 'ana' });
    await ledger.checkpoint();

    const again = await open();
    expect(again.state(reviewProjection)).toEqual(ledger.state(reviewProjection));
    const later = await reviewQueue(again, { clock, random: seededRandom(9) });
    expect(later.open().map(({ id }) => id)).toEqual(['late', 'half']);
    await later.decide(taken!.review.id, { token: taken!.claim.token, choice: 'approve', actor: 'ana' });
    await clock.advance(MINUTE);
    await later.expire();
    const { reviews, open: left } = again.state(reviewProjection);
    const whole = await openLedger({ log: storage.log, actor: 'system', projections: [reviewProjection] });
    expect(reviews).toEqual(whole.state(reviewProjection).reviews);
    expect([...left]).toEqual([...whole.state(reviewProjection).open]);
  });

  test('asked twice under one id is one review', async () => {
    const { queue } = await desk();
    await queue.request({ ...approval, id: 'promotion-3' });
    await queue.request({ ...approval, id: 'promotion-3', question: 'Again?' });
    expect(queue.open()).toHaveLength(1);
    expect(queue.get('promotion-3').question).toBe('May it serve?');
  });

  test('that nobody decides in time is a rejection, and late decisions do not count', async () => {
    const { clock, queue } = await desk();
    const { id } = await queue.request({ ...approval, dueAt: 1_000_000 + MINUTE });
    const taken = await queue.claim({ actor: 'ravi', holdMs: 60 * MINUTE });
    expect(await queue.expire()).toEqual([]);
    await clock.advance(MINUTE);
    await expect(
      queue.decide(id, { token: taken!.claim.token, choice: 'approve', actor: 'ravi' }),
    ).rejects.toMatchObject({ code: 'state/precondition' });
    const [expired] = await queue.expire();
    expect(expired?.outcome).toMatchObject({ choice: 'reject', how: 'timeout' });
  });

  test('needs a claim that is held, by the person who decides', async () => {
    const { clock, queue } = await desk();
    const { id } = await queue.request(approval);
    const taken = await queue.claim({ actor: 'ravi', holdMs: MINUTE });
    const { token } = taken!.claim;
    expect(await queue.claim({ actor: 'mo' })).toBeUndefined();
    await expect(queue.decide(id, { token, choice: 'approve', actor: 'mo' })).rejects.toThrow(/claimed by mo/);
    await clock.advance(2 * MINUTE);
    await expect(queue.decide(id, { token, choice: 'approve', actor: 'ravi' })).rejects.toThrow(/run out/);
    expect((await decideAs(queue, 'mo', 'reject')).outcome?.choice).toBe('reject');
  });

  test('that was given back goes to the next', async () => {
    const { queue } = await desk();
    const { id } = await queue.request(approval);
    const taken = await queue.claim({ actor: 'ravi' });
    await queue.release(id, taken!.claim.token, { actor: 'ravi' });
    expect((await queue.claim({ actor: 'mo' }))?.review.id).toBe(id);
  });

  test('of two people who disagree goes to a third', async () => {
    const { queue } = await desk();
    const { id } = await queue.request({ ...approval, decisionsNeeded: 2 });
    await decideAs(queue, 'ravi', 'approve');
    expect(await queue.claim({ actor: 'ravi' })).toBeUndefined();
    expect((await decideAs(queue, 'mo', 'reject')).status).toBe('disputed');
    await expect(queue.adjudicate(id, { choice: 'approve', actor: 'mo' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    const settled = await queue.adjudicate(id, { choice: 'reject', actor: 'ines', reason: 'too few labels' });
    expect(settled.outcome).toMatchObject({ choice: 'reject', how: 'adjudicated' });
  });

  test('comes most urgent first: priority, then due date, then age', async () => {
    const { queue } = await desk();
    await queue.request({ ...approval, id: 'old' });
    await queue.request({ ...approval, id: 'due', dueAt: 9_000_000 });
    await queue.request({ ...approval, id: 'urgent', priority: 5 });
    expect(queue.open().map((r) => r.id)).toEqual(['urgent', 'due', 'old']);
    expect((await queue.claim({ actor: 'mo' }))?.review.id).toBe('urgent');
  });

  test('that is blind shows neither recommendation nor gold answer to who claims it', async () => {
    const { ledger, queue } = await desk();
    await queue.request({ ...approval, blind: true, recommendation: { choice: 'approve' }, gold: 'reject' });
    const taken = await queue.claim({ actor: 'mo' });
    expect(taken?.review).toMatchObject({ recommendation: undefined, gold: undefined });
    await queue.decide(taken!.review.id, { token: taken!.claim.token, choice: 'reject', actor: 'mo' });
    const figures = reviewStatistics(ledger.state(reviewProjection));
    expect(figures).toMatchObject({ requested: 1, closed: 1, overrideRate: 1, blindOverrideRate: 1 });
    expect(figures.reviewers.get('mo')?.goldAccuracy).toBe(1);
    expect(reviewStatistics(ledger.state(reviewProjection), 'labels').overrideRate).toBeUndefined();
  });

  test('refuses words that are no choice, and unknown reviews', async () => {
    const { queue } = await desk();
    const { id } = await queue.request(approval);
    await expect(queue.decide(id, { token: 'x', choice: 'maybe' })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(queue.adjudicate('nope', { choice: 'approve' })).rejects.toMatchObject({ code: 'state/not-found' });
    await expect(queue.request({ ...approval, choices: ['yes'] })).rejects.toMatchObject({ code: 'input/invalid' });
    await expect(queue.request({ ...approval, onTimeout: 'maybe' })).rejects.toMatchObject({ code: 'input/invalid' });
    expect(() => queue.get('nope')).toThrow();
  });
});

test('the fold passes over forged and malformed events', async () => {
  const { ledger, queue } = await desk();
  const { id } = await queue.request({ ...approval, id: 'r1' });
  await forge(ledger, [
    { type: 'review.decided', data: { review: id, token: 'forged', choice: 'approve', reason: '' } },
    { type: 'review.adjudicated', data: { review: id, choice: 'approve', reason: '' } },
    { type: 'review.expired', data: { review: id } },
    { type: 'review.claimed', data: { review: id } },
    { type: 'review.requested', data: { review: '__proto__' } },
    { type: 'review.decided', data: {} },
  ]);
  expect(queue.get(id)).toMatchObject({ status: 'open', decisions: [], claims: [] });
  expect(ledger.faults(reviewProjection)).toBe(0);
});

async function forge(ledger: Ledger, events: readonly { type: string; data: Record<string, string> }[]) {
  await ledger.commit(() => ({ events, result: undefined }), { actor: 'mallory' });
}

test('property: whatever people do in whatever order, a closed review had the decisions it needed', async () => {
  const act = fc.record({
    who: fc.constantFrom('ana', 'ben', 'cem', 'dee'),
    what: fc.constantFrom('claim', 'approve', 'reject', 'adjudicate', 'expire', 'wait'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 25 }),
      fc.integer({ min: 1, max: 3 }),
      async (acts, decisionsNeeded) => {
        const { clock, queue } = await desk();
        const { id } = await queue.request({ ...approval, decisionsNeeded, dueAt: 1_000_000 + 20 * MINUTE });
        const tokens = new Map<string, string>();
        for (const { who, what } of acts) {
          if (what === 'wait') await clock.advance(3 * MINUTE);
          else if (what === 'expire') await queue.expire();
          else if (what === 'claim') tokens.set(who, (await queue.claim({ actor: who }))?.claim.token ?? '');
          else if (what === 'adjudicate')
            await queue.adjudicate(id, { choice: 'approve', actor: who }).catch(() => undefined);
          else
            await queue.decide(id, { token: tokens.get(who) ?? '', choice: what, actor: who }).catch(() => undefined);
        }
        const { outcome, decisions } = queue.get(id);
        expect(new Set(decisions.map((d) => d.by)).size).toBe(decisions.length);
        expect(decisions.length).toBeLessThanOrEqual(decisionsNeeded);
        const choices = new Set(decisions.map((d) => d.choice));
        if (outcome?.how === 'agreed') {
          expect(decisions).toHaveLength(decisionsNeeded);
          expect([...choices]).toEqual([outcome.choice]);
        } else if (outcome?.how === 'adjudicated') {
          expect(decisions).toHaveLength(decisionsNeeded);
          expect(choices.size).toBeGreaterThan(1);
        } else if (outcome?.how === 'timeout') expect(outcome.choice).toBe('reject');
      },
    ),
    { numRuns: 40 },
  );
});
