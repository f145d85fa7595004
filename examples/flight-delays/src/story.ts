import { profileTable, type TableProfile } from '@millwright/core/profile';
import { columnOf, type DictionaryChunk, sliceTable, type Table } from '@millwright/core/table';
import { validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { decisionNode } from '@millwright/drift';
import type { DatasetVersion } from '@millwright/registry';
import { createEndpoint, onnx } from '@millwright/serving';
import type { Rollout, RolloutHistory } from '@millwright/serving/rollout';
import { outcomeLine, startCanary } from './canary.js';
import { count, date, percent, type Screen } from './console.js';
import { addRaw, corrupted, curate, failures, suite, verdictOf } from './data.js';
import { type Factory, openFactory } from './factory.js';
import { CALENDAR, DISTANCES, type FeatureSet, type FlightQuestion, ROUTES } from './features.js';
import { DAY_MS, type FlightArrays, flatten, flightsFile, months, type Period, rowAtTime } from './flights.js';
import { approve, createModel, type Judged, judge, makeChampion } from './gate.js';
import { codecFor, type FlightAnswer, MODEL, type Trained, trainVersion } from './models.js';
import { type DayOfTraffic, type FlightEndpoint, replay } from './traffic.js';
import { type Watch, watchFlights } from './watch.js';

/** Everything that the reports are made from. */
export interface Story extends AsyncDisposable {
  readonly factory: Factory;
  readonly judged: readonly (Judged & { readonly version: string })[];
  readonly rollouts: readonly { readonly version: string; readonly history: RolloutHistory }[];
  readonly days: readonly DayOfTraffic[];
  readonly watch: Watch;
}

/** Kilometres per mile: what a helpful colleague multiplied the distances by, on the way to one of the models. */
const KILOMETRES = 1.609344;
/** The last week before a training is kept for the evaluation. */
const HOLDOUT_MS = 7 * DAY_MS;

/** Half a year of a model's life, from raw data to production and back. */
export async function tellStory(home: string, table: Table, screen: Screen): Promise<Story> {
  const flights = flatten(table);
  const [january, ...rest] = months(flights.date);
  const factory = await openFactory(home, january!.endMs, screen);
  const { registry, clock } = factory;
  const trained = new Map<string, Trained>();
  const judged: (Judged & { version: string })[] = [];
  const rollouts: { version: string; history: RolloutHistory }[] = [];
  const days: DayOfTraffic[] = [];
  const curated: DatasetVersion[] = [];
  let rollout: Rollout | undefined;

  screen.heading('January: data');
  const raw = await addRaw(factory, flightsFile());
  const airports = (columnOf(table, 'origin').chunks as readonly DictionaryChunk[])[0]!.dictionary as readonly string[];
  const part = (period: Period) => sliceTable(table, period.start, period.end);
  curated.push(await curate(factory, january!, part(january!), raw, suite(airports)));
  const reference = profileTable(part(january!));
  const expectations = suite(airports, reference);
  const bad = validate(corrupted(part(rest[0]!)), expectations, { reference, distributions });
  screen.line(`a corrupted batch: ${verdictOf(bad)}`);
  for (const line of failures(bad)) screen.line(`  ${line}`);

  screen.heading('January: models');
  await createModel(factory);
  const watch = watchFlights(factory, table, flights, reference);
  const challenge = async (
    features: FeatureSet,
    from: number,
    until: number,
    why: string,
    { source = flights, answers }: { source?: FlightArrays; answers?: string } = {},
  ): Promise<Trained | undefined> => {
    const rows = { start: rowAtTime(flights.date, from), end: rowAtTime(flights.date, until - HOLDOUT_MS) };
    const challenger = await trainVersion(factory, source, { features, rows, from: curated, why, answers });
    trained.set(challenger.version.id, challenger);
    const champion = registry.models.aliased(MODEL, 'champion');
    const holdout = { start: rows.end, end: rowAtTime(flights.date, until) };
    const result = await judge(
      factory,
      flights,
      holdout,
      champion === undefined ? undefined : trained.get(champion.id),
      challenger,
    );
    judged.push({ ...result, version: challenger.version.id });
    screen.line(
      `${challenger.version.id} (${features.name}) trained on ${count(rows.end - rows.start)} flights, judged on ${count(holdout.end - holdout.start)}`,
    );
    screen.line(`  ${result.verdict.sentence}`);
    for (const { rule, sentence } of result.verdict.rules)
      if (rule.rule !== 'rows' && !result.verdict.sentence.endsWith(sentence)) screen.line(`    ${sentence}`);
    screen.line(`    ${result.inWords}`);
    if (result.verdict.decision !== 'promote') return undefined;
    await approve(factory, challenger.version, result.verdict);
    return challenger;
  };
  const first = await challenge(CALENDAR, january!.startMs, january!.endMs, 'The first model: calendar and airports.');
  if (first === undefined)
    throw new Error('The first model does not beat the average. Something is wrong with the data.');
  await makeChampion(factory, first.version, 'The first model; it beats the average.');
  let next = await challenge(
    ROUTES,
    january!.startMs,
    january!.endMs,
    'What hour and weekday mean at one airport, and routes.',
  );

  const broken = new Set<string>();
  const endpoint: FlightEndpoint = await createEndpoint<FlightQuestion, FlightAnswer>({
    model: registry.alias(MODEL, 'champion'),
    runtime: onnx(),
    codec: (model) => codecFor(model, broken.has(model.id) ? KILOMETRES : 1),
    deadlineMs: 10_000,
    clock,
  });
  screen.line(`serving ${endpoint.champion.model} with onnxruntime on ${endpoint.champion.facts.executionProvider}`);

  for (const month of rest) {
    screen.heading(`${MONTHS[new Date(month.startMs).getUTCMonth()]}: ${count(month.end - month.start)} requests`);
    if (month === rest[1]) {
      next = await challenge(DISTANCES, january!.startMs, month.startMs, 'Exact distances nearly name the route.');
      // Nothing in the offline evaluation can see this: it happens on the way from the request to the model.
      if (next !== undefined) broken.add(next.version.id);
    } else if (watch.retrain !== undefined) {
      next = await challenge(
        ROUTES,
        january!.startMs,
        month.startMs,
        `Asked for by the drift monitor: ${watch.retrain.sentence}`,
        { answers: decisionNode(watch.retrain) },
      );
      // A model that the gate blocks leaves the request open: next month there is more to learn from.
      if (next !== undefined) await watch.done(profileOf(part, rest, month));
    } else if (month === rest.at(-1)) {
      const mistaken = withWrongHours(flights, 'ATL', 3);
      next = await challenge(ROUTES, january!.startMs, month.startMs, 'One month more of flights.', {
        source: mistaken,
      });
    }
    if (next !== undefined) rollout = await startCanary(factory, endpoint, next.version);
    const before = days.length;
    await replay(factory, month, {
      flights,
      endpoint,
      rollout: () => rollout,
      async onDay(day) {
        days.push(day);
        await watch.observe(day.day.startMs);
      },
    });
    if (rollout !== undefined && next !== undefined) {
      screen.line(outcomeLine(rollout));
      if (rollout.state.status === 'paused')
        await rollout.rollBack('Two weeks without a verdict: the old model stays.');
      rollouts.push({ version: next.version.id, history: await rollout.history() });
      await rollout.close();
      rollout = undefined;
      next = undefined;
    }
    screen.line(monthLine(days.slice(before), endpoint));
    clock.set(Math.max(clock.now(), days.at(-1)!.day.endMs));
    curated.push(await curate(factory, month, part(month), raw, expectations, reference));
  }
  await endpoint.close();
  await watch.close();
  return {
    factory,
    judged,
    rollouts,
    days,
    watch,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** The flights as a file has them whose hours at one airport are of another time zone. */
function withWrongHours(flights: FlightArrays, airport: string, shift: number): FlightArrays {
  const at = flights.origins.indexOf(airport);
  return { ...flights, hour: flights.hour.map((hour, i) => (flights.origin[i] === at ? (hour + shift) % 24 : hour)) };
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June'];

function profileOf(part: (period: Period) => Table, periods: readonly Period[], until: Period): TableProfile {
  return profileTable(part(periods[periods.indexOf(until) - 1]!));
}

function monthLine(days: readonly DayOfTraffic[], endpoint: FlightEndpoint): string {
  const sum = (of: (day: DayOfTraffic) => number) => days.reduce((total, day) => total + of(day), 0);
  const requests = sum((day) => day.requests);
  const { latency } = endpoint.stats();
  return [
    `${endpoint.champion.model} at the end of ${date(days.at(-1)!.day.startMs)}`,
    `missed delays ${percent(sum((day) => day.missed) / requests)}, false alarms ${percent(sum((day) => day.falseAlarms) / requests)}`,
    `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`,
  ].join('; ');
}
