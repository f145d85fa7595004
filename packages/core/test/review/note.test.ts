import { expect, test } from 'vitest';
import { seededRandom } from '../../src/index.js';
import { holdPlaced, openLedger, redact, verifyInclusion } from '../../src/ledger/index.js';
import { openOversight, oversightProjection, reviewProjection, reviewQueue } from '../../src/review/index.js';
import { memoryHint, memoryLog, memoryStorage } from '../../src/storage/index.js';
import { virtualClock } from '../../src/testing/index.js';

const SECRET = 'Mrs Example of 7 Example Street is in hospital.';

async function desk() {
  const clock = virtualClock(1_000_000);
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const options = { clock, random: seededRandom(7), blobs: storage.blobs };
  const projections = [reviewProjection, oversightProjection];
  const ledger = await openLedger({ ...storage, actor: 'system', clock, projections });
  return { clock, ledger, storage, options, queue: await reviewQueue(ledger, options) };
}

async function inLedger(ledger: Awaited<ReturnType<typeof desk>>['ledger'], text: string): Promise<boolean> {
  for await (const { data } of ledger.read()) if (JSON.stringify(data).includes(text)) return true;
  return false;
}

test('what people write about people lies beside the ledger, and is erased without breaking a proof', async () => {
  const { ledger, storage, queue } = await desk();
  const asked = { subject: 'order-7', question: 'Refund?', decisionsNeeded: 2 };
  const { id, note } = await queue.request({ ...asked, note: SECRET });
  for (const [actor, choice] of [
    ['ines', 'approve'],
    ['ravi', 'reject'],
  ] as const) {
    const taken = await queue.claim({ actor });
    await queue.decide(id, { token: taken!.claim.token, choice, note: `${actor}: ${SECRET}`, actor });
  }
  await queue.adjudicate(id, { choice: 'approve', reason: 'It is due.', note: SECRET, actor: 'lea' });
  const { decisions, outcome } = queue.get(id);
  expect(await queue.note(note!)).toBe(SECRET);
  expect(await queue.note(decisions[1]!.note!)).toBe(`ravi: ${SECRET}`);
  expect(outcome?.adjudicated).toMatchObject({ by: 'lea', reason: 'It is due.' });
  expect(await inLedger(ledger, 'Example')).toBe(false);

  const proof = await ledger.prove(queue.get(id).eventIndex);
  const refs = [note!, ...decisions.map((d) => d.note!), outcome!.adjudicated!.note!];
  await ledger.commit(() => ({ events: [holdPlaced([refs[0]!], 'case 12')], result: 0 }));
  await expect(redact(ledger, storage.blobs, refs, { legalBasis: 'GDPR Art. 17' })).rejects.toMatchObject({
    code: 'state/precondition',
  });
  await redact(ledger, storage.blobs, refs.slice(1), { legalBasis: 'GDPR Art. 17' });
  expect(await queue.note(decisions[1]!.note!)).toBeUndefined();
  expect(await queue.note(note!)).toBe(SECRET);
  for await (const event of ledger.read({ from: proof.index })) {
    expect(verifyInclusion(proof, event)).toBe(true);
    break;
  }
  // The fold never reads a note: it is what it was.
  expect(queue.get(id)).toMatchObject({ decisions, outcome });
});

test('an oversight keeps notes too, through a checkpoint', async () => {
  const { clock, ledger, storage, options } = await desk();
  const refunds = await openOversight(ledger, 'refunds', options);
  await refunds.set({ mode: 'in-the-loop' }, { reason: 'Agreed.', note: SECRET });
  await refunds.propose({
    id: '1',
    kind: 'refund',
    subject: 'order-7',
    recommendation: { choice: 'approve' },
    note: SECRET,
  });
  await refunds.decide('1', { choice: 'reject', note: SECRET, actor: 'ines' });
  await refunds.stop({ reason: 'Enough.', note: SECRET });
  expect(await inLedger(ledger, 'Example')).toBe(false);
  await ledger.checkpoint();
  const projections = [reviewProjection, oversightProjection];
  const again = await openLedger({ ...storage, actor: 'reader', clock, projections });
  expect(again.state(reviewProjection)).toEqual(ledger.state(reviewProjection));
  const { decisions, note } = again.state(reviewProjection).reviews.get('1')!;
  expect(await refunds.note(decisions[0]!.note!)).toBe(SECRET);
  expect(await refunds.note(note!)).toBe(SECRET);
});

test('a note needs somewhere to lie', async () => {
  const ledger = await openLedger({ log: memoryLog(), actor: 'system' });
  const queue = await reviewQueue(ledger);
  await expect(queue.request({ subject: 'a', question: 'b', note: SECRET })).rejects.toMatchObject({
    code: 'input/invalid',
  });
  expect(ledger.head.size).toBeLessThanOrEqual(2);
});
