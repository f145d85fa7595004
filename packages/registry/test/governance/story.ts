import { column, defineContract } from '@millwright/core/contract';
import type { Registry } from '../../src/index.js';
import { type Desk, desk, files, HOUR, START } from '../desk.js';

export const CHAMPION = ['flight-delay', 'champion'] as const;

/** A short life: two versions trained, judged and promoted; the second rolled back after two hours. */
export async function story(): Promise<Desk & { readonly registry: Registry }> {
  const office = await desk();
  const { registry, clock } = office;
  const contract = defineContract({
    inputs: { hour: column.integer({ min: 0, max: 23 }), miles: column.number({ min: 0, unit: 'mi' }) },
    outputs: { late: column.probability() },
  });
  const raw = await registry.datasets.add('flights-raw', { rowCount: 3_000_000 }, { layer: 'raw', origin: 'bts.gov' });
  const january = await registry.datasets.add(
    'flights',
    { rowCount: 512_345 },
    { layer: 'curated', madeFrom: [raw], sourceTimes: { from: Date.UTC(2001, 0, 1), until: Date.UTC(2001, 1, 1) } },
  );
  for (const auc of [0.68, 0.72]) {
    const run = await registry.runs.start('train', {
      uses: [january],
      parameters: { rate: 0.1 },
      seeds: [7],
      code: 'git:abc',
    });
    await clock.advance(HOUR);
    await run.finish('succeeded', { metrics: { auc } });
    const version = await registry.models.register('flight-delay', {
      files: files(String(auc)),
      contract,
      madeBy: run,
      metrics: { auc },
      owner: 'ops-ml',
      risk: 'limited',
      intendedUse: 'Plan crews | not passengers.',
      outOfScope: 'Telling <passengers> when to leave.',
    });
    await clock.advance(HOUR);
    await registry.models.attachEvidence(version, {
      decision: 'promote',
      sentence: 'Better on every slice.',
      metrics: [
        { metric: 'auc', value: Number((auc + 0.01).toFixed(2)), rows: 10_000 },
        { metric: 'auc', slice: 'origin=ORD', value: Number((auc - 0.05).toFixed(2)), rows: 900 },
      ],
    });
    await registry.models.attachEvidence(version, {
      kind: 'robustness',
      verdict: 'insufficient',
      sentence: 'Too few night flights.',
    });
    if (auc === 0.68)
      await registry.policies.set('flight-delay', {
        aliases: { champion: { evidence: [{ kind: 'gate' }], approvals: [{ role: 'risk' }] } },
      });
    await registry.models.moveAlias(...CHAMPION, version, { reason: 'go' }).catch(() => undefined);
    await registry.models.approve(version, { role: 'risk', reason: 'Read the report', actor: 'ravi' });
    await registry.models.moveAlias(...CHAMPION, version, { reason: 'Better on every slice' });
    await clock.advance(2 * HOUR);
  }
  await registry.models.rollBack(...CHAMPION, { reason: 'Late at night', actor: 'oncall' });
  return office;
}

export { HOUR, START };
