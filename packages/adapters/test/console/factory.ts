import { seededRandom } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { reviewQueue } from '@millwright/core/review';
import { memoryStorage } from '@millwright/core/storage';
import { tableFrom } from '@millwright/core/table';
import { virtualClock } from '@millwright/core/testing';
import { createMonitor, type DriftDecision } from '@millwright/drift';
import { openRegistry } from '@millwright/registry';
import { createEndpoint } from '@millwright/serving';
import { defineRollout, startRollout } from '@millwright/serving/rollout';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** What a hostile writer puts wherever text is taken. */
export const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

/** A registry with two models, several versions, moves of aliases, evidence, reviews and hostile text. */
export async function writeFactory() {
  const clock = virtualClock(Date.UTC(2026, 0, 5));
  const random = seededRandom(5);
  const registry = await openRegistry(memoryStorage(), { actor: 'maria', clock, random });
  const flights = await registry.datasets.add('flights', { rowCount: 3_000_000 }, { layer: 'curated' });
  const hostile = {
    files: { 'model.json': new TextEncoder().encode('{}') },
    tags: { [HOSTILE.slice(0, 40)]: HOSTILE },
    description: HOSTILE,
  };
  await registry.models.register('spam', { ...hostile, owner: HOSTILE, intendedUse: HOSTILE });
  for (const number of [1, 2, 3, 4]) {
    await clock.advance(9 * DAY);
    const run = await registry.runs.start('train', { uses: [flights] });
    await run.finish('succeeded');
    const version = await registry.models.register('flight-delay', {
      files: { 'model.onnx': new TextEncoder().encode(`weights ${number}`) },
      madeBy: run,
      metrics: { auc: 0.7 + number / 100, loss: 0.4 - number / 100 },
      ...(number === 1
        ? {
            owner: 'ops-ml',
            risk: 'limited',
            intendedUse: 'Warn passengers of late flights before they leave for the airport.',
          }
        : {}),
    });
    await clock.advance(2 * DAY);
    await registry.models.approve(version, { role: 'owner', reason: 'Better on every airport.', actor: 'ravi' });
    await registry.models.moveAlias('flight-delay', 'challenger', version, { reason: `Trial of number ${number}.` });
    await clock.advance(5 * DAY);
    await registry.models.moveAlias('flight-delay', 'champion', version, {
      reason: `Number ${number} passed the gate.`,
    });
  }
  await clock.advance(3 * DAY);
  await registry.models.rollBack('flight-delay', 'champion', {
    reason: 'Complaints doubled in Denver.',
    actor: 'ravi',
  });
  const reviews = await reviewQueue(registry.ledger, { clock, random });
  await reviews.request({
    subject: 'flight-delay@4',
    question: 'May number 4 serve in Denver again?',
    queue: 'approvals',
  });
  await reviews.request({
    subject: 'flight UA 1432 of 12 March',
    question: HOSTILE,
    queue: 'labels',
    choices: ['late', 'on time', 'cannot say'],
    decisionsNeeded: 2,
    recommendation: { choice: 'late', confidence: 0.62, by: 'flight-delay@3' },
    priority: 2,
  });
  return { clock, random, registry, reviews, monitors: { flights: watchedFlights(clock.now()) } };
}

type Factory = Awaited<ReturnType<typeof writeFactory>>;

/** A canary of number 4 against number 3 in this process, of which two in a hundred requests fail whoever answers. */
export async function startCanary({ clock, random, registry }: Factory, days = 2, minUnits = 50) {
  const endpoint = await createEndpoint<number, number>({
    model: registry.alias('flight-delay', 'champion'),
    clock,
    random,
    watch: false,
    async predictor() {
      return {
        async predict(x: number) {
          if (x < 0.02) throw new Error('no forecast');
          return x;
        },
      };
    },
  });
  const definition = defineRollout({
    challenger: 'flight-delay@4',
    stages: ['5%', '25%', '50%'],
    minDwell: '6h',
    minUnits,
    minMatured: 50,
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } }],
  });
  const rollout = await startRollout(registry, endpoint, definition, { clock, random });
  const serve = async (hours: number) => {
    for (let hour = 0; hour < hours; hour++) {
      await clock.advance(HOUR);
      const requests = Array.from({ length: 300 }, (_, i) =>
        endpoint.predict(random.next(), { unit: `${clock.now()} ${i}` }).catch(() => undefined),
      );
      await Promise.all(requests);
      await rollout.tick();
    }
  };
  await serve(24 * days);
  return { endpoint, rollout, serve };
}

/** Four weeks of days, the last of them with other distances and a new airport. */
function watchedFlights(now: number): readonly DriftDecision[] {
  const random = seededRandom(11);
  const day = (changed: boolean) =>
    tableFrom({
      miles: Float64Array.from({ length: 4_000 }, () => 300 + 900 * random.next() + (changed ? 260 : 0)),
      hour: Float64Array.from({ length: 4_000 }, () => Math.floor(24 * random.next())),
      origin: Array.from(
        { length: 4_000 },
        () => ['MCI', 'DEN', changed ? 'XNA' : 'LAX'][Math.floor(3 * random.next())]!,
      ),
    });
  const start = Math.floor(now / DAY) * DAY - 28 * DAY;
  const monitor = createMonitor({
    reference: profileTable(day(false)),
    window: { by: 'time', everyMs: DAY },
    name: 'flights',
  });
  const records = Array.from({ length: 29 }, (_, i) => monitor.observe(day(i > 22), { time: start + i * DAY }));
  return records.flat();
}
