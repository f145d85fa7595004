import { seededRandom } from '@millwright/core';
import { reviewQueue } from '@millwright/core/review';
import { memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { openRegistry } from '@millwright/registry';

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
  return { clock, random, registry, reviews };
}
