import { profileTable } from '@millwright/core/profile';
import { columnOf, type DictionaryChunk, sliceTable } from '@millwright/core/table';
import { validate } from '@millwright/core/validation';
import { createEndpoint, onnx } from '@millwright/serving';
import { defineRollout, type Rollout, startRollout } from '@millwright/serving/rollout';
import { count, percent, screen } from './console.js';
import { addRaw, corrupted, curate, failures, suite } from './data.js';
import { MODEL_TEAM, OPERATIONS, openFactory } from './factory.js';
import { CALENDAR, DISTANCES, ROUTES } from './features.js';
import { flatten, flightsFile, months, readFlights } from './flights.js';
import { CONTRACT, codecFor, MODEL, trainVersion } from './models.js';
import { replay } from './traffic.js';

const out = screen();
out.heading('Flights');
const file = flightsFile();
const table = await readFlights(file, (done, total) => out.progress('reading', done, total));
const flights = flatten(table);
const [january, february, march, april] = months(flights.date) as [never, never, never, never];
const factory = await openFactory('.factory', Date.UTC(2001, 1, 1), out);
const { registry, clock } = factory;
const raw = await addRaw(factory, file);
const airports = (columnOf(table, 'origin').chunks as DictionaryChunk[])[0]!.dictionary as string[];
out.heading('January');
let t = performance.now();
const januaryTable = sliceTable(table, (january as any).start, (january as any).end);
const jan = await curate(factory, january, januaryTable, raw, suite(airports));
const profile = profileTable(januaryTable);
console.log('curate+profile', performance.now() - t);
const bad = validate(corrupted(sliceTable(table, (february as any).start, (february as any).end)), suite(airports), {
  reference: profile,
});
for (const line of failures(bad)) out.line(line);
for (const m of [february, march, april] as any[]) {
  const tt = sliceTable(table, m.start, m.end);
  t = performance.now();
  const r = validate(tt, suite(airports, profile), { reference: profile });
  console.log(m.name, r.verdict, performance.now() - t, failures(r));
}
await registry.models.create(MODEL, { owner: 'ops', risk: 'limited' });
const holdout = { start: 0, end: 400_000 };
const v1 = await trainVersion(factory, flights, { features: CALENDAR, rows: holdout, from: [jan], why: 'first' });
console.log('v1'); const v2 = await trainVersion(factory, flights, { features: ROUTES, rows: holdout, from: [jan], why: 'routes' });
const v3 = await trainVersion(factory, flights, { features: DISTANCES, rows: holdout, from: [jan], why: 'dist' });
console.log('v3'); await registry.models.moveAlias(MODEL, 'champion', v1.version, { reason: 'first' });
console.log('alias'); const endpoint = await createEndpoint<any, any>({
  model: registry.alias(MODEL, 'champion'),
  runtime: onnx(),
  codec: (model) => codecFor(model, model.id === v3.version.id ? 1.609344 : 1),
  deadlineMs: 5_000,
  clock,
});
console.log('endpoint'); let rollout: Rollout | undefined;
async function go(challenger: any, month: any) {
  const r = await startRollout(
    registry,
    endpoint,
    defineRollout({
      challenger,
      minDwell: '24h',
      metrics: [
        { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.1 }, role: 'guardrail' },
        {
          id: 'missedDelays',
          kind: 'label',
          measure: 'missed',
          better: 'lower',
          margin: { relative: 0.05 },
          window: '24h',
        },
        {
          id: 'falseAlarms',
          kind: 'label',
          measure: 'falseAlarm',
          better: 'lower',
          margin: { relative: 0.05 },
          window: '24h',
        },
      ],
    }),
    { clock, score: (o: any) => Number(o.alert) },
  );
  rollout = r; console.log('rollout');
  for (const name of ['advanced', 'promoted', 'rolledBack', 'paused', 'completed'] as const)
    r.events.on(name, (e: any) => out.line(`${new Date(e.time).toISOString()} ${name} ${JSON.stringify(e)}`));
  t = performance.now();
  await replay(factory, month, { flights, endpoint, rollout: () => rollout });
  console.log('replay', performance.now() - t, 'ms', process.memoryUsage().rss / 1e6, r.outcomes.counts);
}
await go(v2.version, february);
await go(v3.version, march);
void MODEL_TEAM;
void OPERATIONS;
void CONTRACT;
void percent;
void count;
console.log(await registry.ledger.verify());
