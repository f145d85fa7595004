import { encodeUtf8, seededRandom } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { profileTable } from '@millwright/core/profile';
import { reviewQueue } from '@millwright/core/review';
import { memoryStorage } from '@millwright/core/storage';
import { tableFromRows } from '@millwright/core/table';
import { createMonitor } from '@millwright/drift';
import { describeImage } from '@millwright/drift/descriptor';
import { openRegistry } from '@millwright/registry';
import {
  aligner,
  conflictGuard,
  createEndpoint,
  type DeadLetter,
  inputOf,
  isAbstained,
  modalitiesOf,
  modalityMeter,
  quarantine,
  reviewAbstentions,
  serveAligned,
} from '@millwright/serving';
import { type Inspection, inspector, learn } from './inspector.js';
import { type Part, press, SIZE, shift, type Trouble } from './press.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5, 8);
const DAY: readonly Trouble[] = [{}, {}, { hair: [200, 240] }, {}, { lamp: 0.8 }, { lamp: 0.8, lost: 0.12 }];
const random = seededRandom(12);
await using registry = await openRegistry(memoryStorage(), { actor: 'line-3' });

// What goes in. A note may be missing; a part without a force or a picture is not inspected.
const contract = defineContract({
  inputs: {
    force: column.number({ min: 0, unit: 'kN' }),
    image: column.tensor({ dtype: 'uint8', dims: [SIZE, SIZE, 4] }),
    note: column.text({ maxLength: 200, fallback: { kind: 'default', value: '' } }),
  },
  outputs: { cracked: column.probability() },
});
const known = Array.from({ length: 2_000 }, () => press(random));
const files = { 'inspector.json': encodeUtf8(JSON.stringify(learn(known))) };
const version = await registry.models.register('inspector', { files, contract, owner: 'quality' });
await registry.models.moveAlias('inspector', 'champion', version, { reason: 'The first one.' });

// Senses that contradict each other are not averaged: people are asked.
await using endpoint = await createEndpoint<Part, Inspection>({
  model: registry.alias('inspector', 'champion'),
  predictor: inspector,
  guards: [conflictGuard<Inspection>({ opinions: ({ opinions }) => opinions, tolerance: 0.9 })],
});
const reviews = await reviewQueue(registry.ledger);
const escalations = reviewAbstentions(endpoint, reviews, {
  ask: (_, { reason }) => ({ question: `Is it cracked? ${reason}`, choices: ['cracked', 'good'] }),
});

// Events of the three senses become parts, by the time at which they happened. What cannot be inspected is put aside.
const aside = quarantine<DeadLetter<Part>>();
const meter = modalityMeter<keyof Part>(['force', 'image', 'note']);
const line = serveAligned(endpoint, {
  aligner: aligner<Part>({
    modalities: modalitiesOf(contract, { force: 0, image: 100, note: 2_500 }),
    anchor: 'force',
    latenessMs: 5_000,
  }),
  quarantine: aside,
  meter,
});

// Every hour is held against the parts that the inspector learned from: what they look like, and what is missing.
const facts = ({ force, image, note }: Partial<Part>) => {
  const seen = image && describeImage({ data: image.data, width: SIZE, height: SIZE });
  return { force, luminance: seen?.luminance, contrast: seen?.contrast, note };
};
const monitor = createMonitor({
  reference: profileTable(tableFromRows(known.map(facts)), { presence: ['luminance', 'note'] }),
  window: { by: 'time', everyMs: HOUR },
});

for (const [hour, trouble] of DAY.entries()) {
  const start = START + hour * HOUR;
  const { events, cracked } = shift(random, start, 600, trouble);
  const answers = [];
  for (const { sense, time, value } of events) answers.push(...(await line.push(sense, time, value)));
  answers.push(...(await line.flush()));
  const letters = aside.items.map(({ id }) => aside.release(id)!);

  const given = answers.flatMap(({ row, prediction: { output } }) =>
    isAbstained(output) ? [] : [{ bad: cracked.get(row.time), said: output.cracked > 0.5 }],
  );
  const count = (bad: boolean, said: boolean) => given.filter((one) => one.bad === bad && one.said === said).length;
  console.log(
    `${clock(start)}  ${count(false, false)} good, ${count(true, true)} cracked, ${count(true, false)} missed,`,
    `${count(false, true)} false alarms, ${answers.length - given.length} for people, ${letters.length} put aside`,
  );

  const rows = [...answers.map(({ row }) => row), ...letters.flatMap((item) => (item.kind === 'row' ? item.row : []))];
  const seen = tableFromRows(rows.map((row) => facts(inputOf(row))));
  for (const { checks } of [...monitor.observe(seen, { time: start }), ...monitor.advance(start + HOUR)])
    for (const { verdict, sentence } of checks) if (verdict === 'drift') console.log(`       ${sentence}`);
}

for (const [sense, { completeness }] of meter.figures())
  console.log(`${sense} was there for ${(100 * completeness).toFixed(1)} % of the parts`);
console.log('put aside:', Object.fromEntries(aside.counts));

// People decide; what they say is in the ledger, and can be reported as the outcome of that very decision.
await escalations.idle();
console.log(`people were asked ${reviews.open('escalations').length} times`);
const { review, claim } = (await reviews.claim({ queue: 'escalations', actor: 'ines' }))!;
const decided = await reviews.decide(review.id, {
  token: claim.token,
  choice: 'cracked',
  reason: 'Seen.',
  actor: 'ines',
});
console.log(`${review.question} ${decided.outcome?.choice}, says ines`);

function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 16);
}
