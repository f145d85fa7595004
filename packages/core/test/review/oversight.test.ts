import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/index.js';
import { openLedger } from '../../src/ledger/index.js';
import {
  businessCalendar,
  openOversight,
  oversightFigures,
  oversightProjection,
  reviewProjection,
  reviewQueue,
} from '../../src/review/index.js';
import { memoryHint, memoryLog, memoryStorage } from '../../src/storage/index.js';
import { virtualClock } from '../../src/testing/index.js';

const HOUR = 3_600_000;
const SECOND = 1_000;
const MONDAY = Date.UTC(2026, 0, 5, 8);

async function watch() {
  const clock = virtualClock(MONDAY);
  const random = seededRandom(7);
  const ledger = await openLedger({ log: memoryLog(), actor: 'model', clock, random });
  return { clock, ledger, refunds: await openOversight(ledger, 'refunds', { clock, random }) };
}

const refund = (id: string, choice = 'approve') => ({
  id,
  kind: 'refund',
  subject: `order-${id}`,
  recommendation: { choice, confidence: 0.9, by: 'refunds@3' },
});
const set = { reason: 'As the board decided.', actor: 'ines' };

describe('in the loop', () => {
  test('nothing goes on before a person says so, and silence is a rejection', async () => {
    const { clock, refunds } = await watch();
    await refunds.set({ mode: 'in-the-loop', windowMs: HOUR, people: ['ines', 'ravi'] }, set);
    expect(await refunds.propose(refund('1'))).toEqual({ id: '1', choice: undefined, how: 'waiting', final: false });
    await refunds.propose(refund('2'));
    await refunds.propose(refund('3'));
    await expect(refunds.decide('1', { choice: 'approve', actor: 'mallory' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    expect(await refunds.decide('1', { choice: 'approve', actor: 'ines' })).toMatchObject({
      choice: 'approve',
      how: 'person',
    });
    const against = await refunds.decide('2', { choice: 'reject', actor: 'ravi', reason: 'Paid twice already.' });
    expect(against).toEqual({ choice: 'reject', how: 'person', final: true });
    await clock.advance(HOUR + SECOND);
    // Nobody has written down yet that the window is closed; it is closed all the same.
    expect(await refunds.ruling('3')).toEqual({ choice: 'reject', how: 'silence', final: true });
    await expect(refunds.decide('3', { choice: 'approve', actor: 'ines' })).rejects.toThrow(/overdue/);
    await refunds.settle();
    expect(await refunds.ruling('3')).toEqual({ choice: 'reject', how: 'silence', final: true });
  });

  test('with a calendar, the window is working time', async () => {
    const { clock, ledger } = await watch();
    const calendar = businessCalendar();
    const refunds = await openOversight(ledger, 'refunds', { clock, random: seededRandom(1), calendar });
    await refunds.set({ mode: 'in-the-loop', windowMs: 10 * HOUR }, set);
    await refunds.propose(refund('1'));
    await clock.advance(24 * HOUR);
    expect((await refunds.ruling('1')).how).toBe('waiting');
    await clock.advance(4 * HOUR);
    expect((await refunds.ruling('1')).how).toBe('silence');
  });

  test('where no choice is `reject`, silence is no choice at all', async () => {
    const { clock, refunds } = await watch();
    await refunds.set({ mode: 'in-the-loop', windowMs: HOUR }, set);
    await refunds.propose({ ...refund('1', 'left'), choices: ['left', 'right'] });
    await clock.advance(HOUR + SECOND);
    expect(await refunds.ruling('1')).toEqual({ choice: undefined, how: 'silence', final: true });
  });
});

describe('on the loop', () => {
  test('the model goes on, a person may say otherwise while the window is open, and silence is consent', async () => {
    const { clock, refunds } = await watch();
    await refunds.set({ mode: 'on-the-loop', windowMs: HOUR }, set);
    expect(await refunds.propose(refund('1'))).toEqual({ id: '1', choice: 'approve', how: 'model', final: false });
    await refunds.propose(refund('2'));
    expect(await refunds.decide('1', { choice: 'reject', actor: 'ines' })).toMatchObject({
      choice: 'reject',
      how: 'person',
    });
    await expect(refunds.decide('1', { choice: 'approve', actor: 'ravi' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    await clock.advance(HOUR + SECOND);
    await refunds.settle();
    expect(await refunds.ruling('2')).toEqual({ choice: 'approve', how: 'silence', final: true });
    await expect(refunds.decide('2', { choice: 'reject', actor: 'ines' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
  });
});

describe('in command', () => {
  test('the model goes on within its scope; people change it, anyone stops, and all of it is written down', async () => {
    const { refunds } = await watch();
    await refunds.set({ mode: 'in-command', scope: ['refund'], people: ['ines'] }, set);
    expect(await refunds.propose(refund('1'))).toMatchObject({ choice: 'approve', how: 'model', final: true });
    const gift = { ...refund('2'), kind: 'gift' };
    expect(await refunds.propose(gift)).toEqual({ id: '2', choice: undefined, how: 'out-of-scope', final: true });
    await expect(refunds.set({ mode: 'in-command' }, { reason: 'More!', actor: 'model' })).rejects.toMatchObject({
      code: 'state/precondition',
    });
    await refunds.set({ mode: 'in-command', scope: ['refund', 'gift'], people: ['ines'] }, set);
    expect(await refunds.propose({ ...gift, id: '3' })).toMatchObject({ choice: 'approve' });

    await refunds.stop({ reason: 'It pays everybody.', actor: 'night-shift' });
    expect(await refunds.propose(refund('4'))).toMatchObject({ choice: undefined, how: 'stopped', final: true });
    expect(await refunds.ruling('1')).toEqual({ choice: undefined, how: 'stopped', final: false });
    await expect(refunds.resume({ reason: 'Fixed.', actor: 'night-shift' })).rejects.toThrow(/Only one of ines/);
    await refunds.resume({ reason: 'Fixed.', actor: 'ines' });
    expect((await refunds.ruling('1')).choice).toBe('approve');
    // What was refused stays refused: it must be proposed again.
    expect((await refunds.ruling('4')).how).toBe('stopped');
    expect(refunds.state?.commands.map(({ what, by }) => [what, by])).toEqual([
      ['set', 'ines'],
      ['set', 'ines'],
      ['stop', 'night-shift'],
      ['resume', 'ines'],
    ]);
  });
});

test('a stop holds what waits, in every mode', async () => {
  for (const mode of ['in-the-loop', 'on-the-loop'] as const) {
    const { refunds } = await watch();
    await refunds.set({ mode }, set);
    await refunds.propose(refund('1'));
    await refunds.stop({ reason: 'Look at this.', actor: 'anyone' });
    expect(await refunds.ruling('1')).toMatchObject({ choice: undefined, how: 'stopped' });
  }
});

test('figures say how often people were asked, silent and of another mind', async () => {
  const { clock, ledger, refunds } = await watch();
  await refunds.set({ mode: 'in-the-loop', windowMs: HOUR, scope: ['refund'] }, set);
  for (const id of ['1', '2', '3']) await refunds.propose(refund(id));
  await refunds.propose({ ...refund('4'), kind: 'gift' });
  await refunds.decide('1', { choice: 'approve', actor: 'ines' });
  await refunds.decide('2', { choice: 'reject', actor: 'ines' });
  await clock.advance(HOUR + SECOND);
  await refunds.set({ mode: 'on-the-loop', windowMs: HOUR }, set);
  await refunds.propose(refund('5'));
  const figures = () =>
    oversightFigures(ledger.state(oversightProjection), ledger.state(reviewProjection), clock.now(), 'refunds');
  expect(figures().get('in-the-loop')).toEqual({
    ...{ proposals: 4, refused: 1, decided: 2, silent: 1, overridden: 1 },
    overrideRate: 0.5,
  });
  expect(figures().get('on-the-loop')).toMatchObject({ proposals: 1, decided: 0, overrideRate: undefined });
  await refunds.stop({ reason: 'x' });
  expect(figures().get('in-the-loop')?.decided).toBe(2);
  expect(oversightFigures(ledger.state(oversightProjection), ledger.state(reviewProjection), 0, 'gifts').size).toBe(0);
});

test('refuses what is no rule, acts without a rule, and unknown proposals', async () => {
  const { ledger, clock, refunds } = await watch();
  await expect(refunds.propose(refund('1'))).rejects.toMatchObject({ code: 'state/not-found' });
  await expect(refunds.stop(set)).rejects.toMatchObject({ code: 'state/not-found' });
  for (const rule of [
    { mode: 'in-command', windowMs: 0 },
    { mode: 'in-command', people: [] },
  ] as const)
    await expect(refunds.set(rule, set)).rejects.toMatchObject({ code: 'input/invalid' });
  await expect(refunds.set({ mode: 'in-command' }, { reason: ' ' })).rejects.toMatchObject({ code: 'input/invalid' });
  await refunds.set({ mode: 'in-the-loop' }, set);
  await expect(refunds.propose(refund('1', 'maybe'))).rejects.toMatchObject({ code: 'input/invalid' });
  await expect(refunds.ruling('1')).rejects.toMatchObject({ code: 'state/not-found' });
  await refunds.propose(refund('1'));
  const gifts = await openOversight(ledger, 'gifts', { clock });
  await expect(gifts.ruling('1')).rejects.toMatchObject({ code: 'state/not-found' });
  await expect(openOversight(ledger, '')).rejects.toMatchObject({ code: 'input/invalid' });
});

test('goes on from a checkpoint as if everything had been folded', async () => {
  const clock = virtualClock(MONDAY);
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const projections = [reviewProjection, oversightProjection];
  const open = () => openLedger({ ...storage, actor: 'model', clock, projections });
  const ledger = await open();
  const refunds = await openOversight(ledger, 'refunds', { clock });
  await refunds.set({ mode: 'on-the-loop', people: ['ines'] }, set);
  await refunds.propose(refund('1'));
  await refunds.decide('1', { choice: 'reject', actor: 'ines' });
  await refunds.stop({ reason: 'x' });
  await refunds.propose(refund('2'));
  await ledger.checkpoint();
  const again = await open();
  expect(again.state(oversightProjection)).toEqual(ledger.state(oversightProjection));
});

test('property: whatever anybody writes, in the loop only people let anything through', async () => {
  const step = fc.record({
    what: fc.oneof(
      { arbitrary: fc.constantFrom('propose', 'decide'), weight: 3 },
      { arbitrary: fc.constantFrom('forge', 'wait', 'settle', 'stop', 'resume', 'resume', 'relax'), weight: 2 },
    ),
    who: fc.constantFrom('ines', 'ravi', 'mallory'),
    choice: fc.constantFrom('approve', 'reject'),
    id: fc.constantFrom('1', '2'),
  });
  let through = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (steps) => {
      const { clock, ledger, refunds } = await watch();
      await refunds.set({ mode: 'in-the-loop', windowMs: 3 * HOUR, people: ['ines', 'ravi'] }, set);
      const queue = await reviewQueue(ledger, { clock });
      for (const { what, who, choice, id } of steps) {
        if (what === 'propose') await refunds.propose(refund(id));
        else if (what === 'decide') await refunds.decide(id, { choice, actor: who }).catch(() => undefined);
        else if (what === 'wait') await clock.advance(HOUR + SECOND);
        else if (what === 'settle') await refunds.settle();
        else if (what === 'stop') await refunds.stop({ reason: 'x', actor: who });
        else if (what === 'resume') await refunds.resume({ reason: 'x', actor: who }).catch(() => undefined);
        else if (what === 'relax')
          await refunds.set({ mode: 'in-command' }, { reason: 'x', actor: 'mallory' }).catch(() => undefined);
        else {
          // Past the library: another review under the proposal's id, a rule, a decision, a silence that consents.
          const request = { id, subject: 'x', question: 'x', onTimeout: 'approve', dueAt: clock.now() };
          await queue.request({ ...request, actor: 'mallory' });
          const taken = await queue.claim({ actor: 'mallory' });
          const events = [
            { type: 'oversight.set', data: { oversight: 'refunds', rule: { mode: 'in-command' }, reason: '' } },
            { type: 'review.decided', data: { review: id, token: taken?.claim.token ?? '', choice, reason: '' } },
            { type: 'oversight.resumed', data: { oversight: 'refunds', reason: '' } },
          ];
          await ledger.commit(() => ({ events, result: undefined }), { actor: 'mallory' });
        }
      }
      const { oversights, proposals } = ledger.state(oversightProjection);
      expect(oversights.get('refunds')?.rule.mode).toBe('in-the-loop');
      for (const id of proposals.keys()) {
        const { choice, how } = await refunds.ruling(id);
        if (choice !== 'approve') continue;
        through++;
        expect(how).toBe('person');
        const { decisions } = queue.get(id);
        expect(decisions.some((d) => d.choice === 'approve' && ['ines', 'ravi'].includes(d.by))).toBe(true);
        expect(oversights.get('refunds')?.stopped).toBeUndefined();
      }
    }),
    { numRuns: 80 },
  );
  expect(through).toBeGreaterThan(5);
});
