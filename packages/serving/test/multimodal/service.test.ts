import { MillwrightError, seededRandom } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { openLedger } from '@millwright/core/ledger';
import { reviewQueue } from '@millwright/core/review';
import { memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import {
  aligner,
  conflictGuard,
  createEndpoint,
  type DeadLetter,
  inputOf,
  modalitiesOf,
  modalityMeter,
  quarantine,
  reviewAbstentions,
  serveAligned,
} from '@millwright/serving';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

type M = 'image' | 'text' | 'audio' | 'gps';
type Events = Partial<Record<M, number>>;
const NAMES: readonly M[] = ['image', 'text', 'audio', 'gps'];

/** What each modality says; text may be left out, audio has another arm, gps is required. */
const contract = defineContract({
  inputs: {
    image: column.number(),
    text: column.number({ fallback: { kind: 'default', value: 0.5 } }),
    audio: column.number({ fallback: { kind: 'arm', arm: 'silent' } }),
    gps: column.number(),
  },
  outputs: { score: column.number() },
});
const tolerances = { image: 0, text: 10, audio: 10, gps: 10 };

interface Output {
  readonly score: number;
  readonly opinions: Partial<Record<M, number>>;
}

async function lab(fails: (image: number) => boolean = () => false) {
  const meter = modalityMeter<M>(NAMES);
  const endpoint = await createEndpoint<Events, Output>({
    model: {
      async predict({ image = 0, text, audio }) {
        if (fails(image)) throw new MillwrightError('serving/model-failed', 'broken', { details: { model: 'm' } });
        return { score: image, opinions: { image, text, audio } as Output['opinions'] };
      },
    },
    contract,
    guards: [conflictGuard<Output>({ opinions: ({ opinions }) => opinions, tolerance: 0.5, meter })],
  });
  await endpoint.arms.prepare('silent', { predict: async ({ image = 0 }) => ({ score: -image, opinions: { image } }) });
  const letters = quarantine<DeadLetter<Events>>();
  const service = serveAligned(endpoint, {
    aligner: aligner<Events>({ modalities: modalitiesOf<M>(contract, tolerances), anchor: 'image', latenessMs: 0 }),
    quarantine: letters,
    meter,
    confidence: (output) => ('opinions' in output ? output.opinions : {}),
  });
  return { endpoint, letters, meter, service };
}

describe('modalities of a contract', () => {
  test('are required unless it declares a fallback', () => {
    const specs = modalitiesOf<M>(contract, tolerances);
    expect(NAMES.map((name) => [name, specs[name].required])).toEqual([
      ['image', true],
      ['text', false],
      ['audio', false],
      ['gps', true],
    ]);
    expect(() => modalitiesOf(contract, { image: 0 } as never)).toThrow(
      expect.objectContaining({ code: 'input/invalid' }),
    );
    expect(() => modalitiesOf(contract, Object.create({ ...tolerances }))).toThrow(/toleranceMs/);
  });

  test('make an input of what is there', () => {
    expect(inputOf<Events>({ time: 0, values: new Map([['image', 1]]), missing: ['gps'] })).toEqual({ image: 1 });
  });
});

describe('an endpoint behind an aligner', () => {
  test('answers complete rows, and those whose missing modalities have a fallback', async () => {
    const { service, meter } = await lab();
    await service.push('image', 0, 0.4);
    await service.push('text', 1, 0.6);
    await service.push('audio', 2, 0.5);
    await service.push('gps', 3, 1);
    await service.push('image', 100, 0.7);
    await service.push('gps', 101, 1);
    const answers = await service.flush();
    const byTime = new Map(answers.map(({ row, prediction }) => [row.time, prediction]));
    // The row at 0 was decided as soon as nothing nearer could come, which push had answered.
    expect(byTime.get(100)).toMatchObject({ output: { score: -0.7 }, served: { arm: 'silent' } });
    const figures = meter.figures();
    expect(figures.get('text')).toMatchObject({ rows: 2, completeness: 0.5, confidence: 0.6 });
    expect(figures.get('image')).toMatchObject({ completeness: 1, confidence: expect.closeTo(0.55, 9) });
    expect(figures.get('gps')!.confidence).toBeNaN();
  });

  test('keeps what it cannot answer, with the reason', async () => {
    let broken = true;
    const { service, letters } = await lab((image) => broken && image === 0.2);
    for (const [modality, time, value] of [
      ['image', 0, 0.1],
      ['image', 50, 0.2],
      ['audio', 50, 0.3],
      ['gps', 50, 1],
      ['text', 75, 0.5],
      ['image', 100, 0.3],
      ['gps', 100, 1],
    ] as const)
      await service.push(modality, time, value);
    await service.push('gps', 20, 9);
    await service.flush();
    expect([...letters.counts]).toEqual(
      expect.arrayContaining([
        ['missing text, audio, gps', 1],
        ['serving/model-failed', 1],
        ['unmatched', 1],
        ['late', 1],
      ]),
    );
    broken = false;
    expect(await service.replay()).toEqual({ released: 1, kept: 1 });
    expect(letters.items.map(({ reason }) => reason)).not.toContain('serving/model-failed');
    // A row without its required modality is refused by the contract each time, and left alone after three.
    for (let i = 0; i < 5; i++) await service.replay();
    expect(letters.items.find(({ item }) => item.kind === 'row')).toMatchObject({
      reason: 'contract/violated',
      attempts: 3,
    });
  });

  test('a conflict between modalities goes to people', async () => {
    const { endpoint, service, meter } = await lab();
    const reviews = await reviewQueue(await openLedger({ log: memoryLog(), actor: 'host:test' }));
    const escalations = reviewAbstentions(endpoint, reviews, { ask: (_, { reason }) => ({ question: reason }) });
    await service.push('image', 0, 0.1);
    await service.push('text', 0, 0.9);
    await service.push('gps', 0, 1);
    await service.push('audio', 0, 0.2);
    const [{ prediction } = { prediction: undefined }] = await service.flush();
    expect(prediction?.output).toMatchObject({ abstained: true, guard: 'conflict' });
    await escalations.idle();
    expect(reviews.open('escalations')).toMatchObject([
      { subject: prediction?.decisionId, question: '`image` says 0.1, `text` says 0.9.' },
    ]);
    const conflicts = [...meter.figures()].map(([name, figures]) => [name, figures.conflicts]);
    expect(Object.fromEntries(conflicts)).toEqual({ image: 1, text: 1, audio: 0, gps: 0 });
  });

  test('every event is answered, kept or waiting: none is lost, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom<M[]>(...NAMES), fc.nat(300)), { maxLength: 80 }),
        fc.integer({ min: 1, max: 20 }),
        async (events, maxWaiting) => {
          const a = aligner<Events>({
            modalities: modalitiesOf<M>(contract, tolerances),
            anchor: 'image',
            latenessMs: 30,
            maxWaiting,
          });
          const seen = new Set<number>();
          const take = ({ ready, quarantined, unused }: ReturnType<typeof a.push>) => {
            for (const row of [...ready, ...quarantined]) for (const value of row.values.values()) seen.add(value);
            for (const { value } of unused) {
              expect(seen.has(value)).toBe(false);
              seen.add(value);
            }
          };
          for (const [i, [modality, time]] of events.entries()) take(a.push(modality, time, i));
          take(a.flush());
          expect(seen.size).toBe(events.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a quarantine', () => {
  test('is bounded, and says goodbye', () => {
    const clock = virtualClock(5);
    const gone: number[] = [];
    const letters = quarantine<number>({ maxItems: 2, clock, onEvicted: ({ item }) => gone.push(item) });
    for (const item of [1, 2, 3]) letters.add(item, 'late');
    expect([letters.items.map(({ item, at }) => [item, at]), gone, letters.evicted]).toEqual([
      [
        [2, 5],
        [3, 5],
      ],
      [1],
      1,
    ]);
    expect(letters.counts.get('late')).toBe(3);
    expect(letters.release(letters.items[0]!.id)).toBe(2);
    expect(letters.release(99)).toBeUndefined();
  });

  test('tries again what was not tried too often, and keeps why it failed', async () => {
    const letters = quarantine<number>({ maxAttempts: 2 });
    for (const item of [1, 2]) letters.add(item, 'first');
    const handle = async (item: number) => {
      if (item === 1) throw new Error('still');
    };
    expect(await letters.replay(handle)).toEqual({ released: 1, kept: 1 });
    expect(await letters.replay(handle)).toEqual({ released: 0, kept: 1 });
    expect(await letters.replay(handle)).toEqual({ released: 0, kept: 0 });
    expect(letters.items).toMatchObject([{ item: 1, reason: 'failed', attempts: 2 }]);
    expect(
      await letters.replay(
        async () => undefined,
        () => true,
      ),
    ).toEqual({ released: 1, kept: 0 });
  });

  test('what was released while it was tried stays released', async () => {
    const letters = quarantine<string>();
    letters.add('a', 'x');
    const { id } = letters.items[0]!;
    await letters.replay(async () => {
      letters.release(id);
      throw new Error('no');
    });
    expect(letters.items).toEqual([]);
  });
});

test('meters of two processes add up', () => {
  const random = seededRandom(4);
  const [all, one, two] = [modalityMeter<M>(NAMES), modalityMeter<M>(NAMES), modalityMeter<M>(NAMES)];
  for (let i = 0; i < 200; i++) {
    const values = new Map(NAMES.filter(() => random.next() < 0.7).map((name) => [name, i]));
    const confidence = { image: i / 8, text: i % 7 === 0 ? Number.NaN : 0.5 };
    for (const meter of [all, i % 3 === 0 ? one : two]) meter.observe({ values }, confidence);
  }
  one.merge(two);
  expect(one.figures()).toEqual(all.figures());
  expect(all.figures().get('text')!.confidence).toBe(0.5);
});
