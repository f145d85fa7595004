import { seededRandom } from '@millwright/core';
import { openLedger } from '@millwright/core/ledger';
import { ancestors, lineageProjection, lineageRecorded } from '@millwright/core/lineage';
import { profileTable } from '@millwright/core/profile';
import { memoryLog } from '@millwright/core/storage';
import { tableFrom } from '@millwright/core/table';
import { createMonitor, decisionEvents, decisionNode } from '@millwright/drift';
import { expect, test } from 'vitest';

test('a decision is written with all it was decided from, and its lineage leads back to the data', async () => {
  const random = seededRandom(1);
  const rows = (power: number) => tableFrom({ x: Float64Array.from({ length: 2_000 }, () => random.next() ** power) });
  const policy = { confirm: { count: 1, of: 1 } };
  const monitor = createMonitor({
    reference: profileTable(rows(1)),
    window: { rows: 2_000 },
    policy,
    name: 'flights by day',
  });
  const [record] = monitor.observe(rows(1.6));
  expect(record!.trigger.action).toBe('retrain');

  await using ledger = await openLedger({ log: memoryLog(), projections: [lineageProjection], actor: 'monitor' });
  const node = decisionNode(record!);
  const answer = lineageRecorded(
    [{ id: 'run:train@9', kind: 'run', label: 'train' }],
    [{ from: node, to: 'run:train@9' }],
  );
  const events = [...decisionEvents(record!, ['model:flight-delay@3', { node: 'dataset:january@1' }]), answer];
  await ledger.commit(() => ({ events, result: undefined }));

  const written = [];
  for await (const { type, data } of ledger.read()) if (type === 'drift.triggered') written.push(data);
  expect(written).toEqual([
    expect.objectContaining({
      monitor: 'flights by day',
      action: 'retrain',
      reasons: ['confirmed'],
      severity: record!.severity,
      confirmed: 1,
      policy: record!.trigger.policy,
      reference: record!.reference,
      profile: record!.profile,
      plan: record!.plan,
      digest: record!.digest,
      because: record!.sentence,
    }),
  ]);
  expect(ancestors(ledger.state(lineageProjection), 'run:train@9').map(({ id }) => id)).toEqual(
    expect.arrayContaining([node, 'model:flight-delay@3', 'dataset:january@1']),
  );
});

test('what could not be judged has no numbers, and is valid JSON', () => {
  const monitor = createMonitor({ reference: profileTable(tableFrom({ x: [1, 2, 3] })), window: { rows: 3 } });
  const [record] = monitor.observe(tableFrom({ x: [1, 2, 3] }));
  const [event] = decisionEvents(record!, []);
  expect(event!.data).toMatchObject({ action: 'insufficient', integrity: [] });
  expect(event!.data).not.toHaveProperty('severity');
});
