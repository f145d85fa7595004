import { championPolicy, compilePolicy, ramp } from '@millwright/serving/routing';
import { describe, expect, it } from 'vitest';
import { endpointMetrics, ledgerMetrics, prometheusText, reviewMetrics, rolloutMetrics } from '../../src/prometheus.js';
import { factory } from '../http/support.js';

describe('endpointMetrics', () => {
  it('counts decisions by arm and status from when it is made', async () => {
    const { endpoint, registry } = await factory();
    await endpoint.predict({ euros: 1 }, { unit: 'before' });
    const read = endpointMetrics('fraud', endpoint);
    await endpoint.arms.prepare('challenger', registry.version('fraud@2'));
    const policy = ramp(championPolicy({ salt: 's' }), { challenger: 1 });
    endpoint.setPolicy(compilePolicy(policy));
    await endpoint.predict({ euros: 1 }, { unit: 'customer-1' });
    await expect(endpoint.predict({ euros: -1 })).rejects.toMatchObject({ code: 'contract/violated' });
    const text = prometheusText(read());
    expect(text).toContain(
      'millwright_decisions_total{endpoint="fraud",arm="challenger",shadow="false",status="answered"} 1\n',
    );
    expect(text).not.toContain('arm="champion",shadow="false",status="answered"');
    expect(text).toContain('millwright_requests_refused_total{endpoint="fraud"} 1\n');
    expect(text).toContain('millwright_arm_share{endpoint="fraud",arm="challenger"} 1\n');
    expect(text).toMatch(/millwright_model_info\{endpoint="fraud",arm="challenger",model="fraud@2",digest="sha256:/);
    expect(text).not.toContain('customer-1');
    expect(prometheusText(read(), 'openmetrics')).toMatch(/_bucket\{[^}]*\} 1 # \{decision_id="[0-9A-Z]{26}"\}/);
  });
});

it('the ledger, the queue and a rollout have their figures', async () => {
  const { registry, reviews } = await factory();
  await reviews.request({ subject: 'x', question: 'y?', queue: 'labels' });
  const state = { model: 'fraud', alias: 'champion', challenger: 'fraud@2', status: 'holding', stage: 1 };
  const rollout = { id: 'r', state } as Parameters<typeof rolloutMetrics>[0];
  const sources = [ledgerMetrics(registry.ledger), reviewMetrics(reviews), rolloutMetrics(rollout)];
  const text = prometheusText(sources.flatMap((read) => read()));
  expect(text).toContain(`millwright_ledger_leaves ${registry.ledger.head.size}\n`);
  expect(text).toContain('millwright_reviews_open{queue="labels"} 1\n');
  expect(text).toContain('millwright_rollout_stage{rollout="r",model="fraud",alias="champion"} 1\n');
});
