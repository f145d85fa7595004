import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { MetricFamily } from '@millwright/core/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type PrometheusServer, prometheusMissing, startPrometheus } from '../../../../test/services/prometheus.js';
import { httpService } from '../../src/http.js';
import { toNode } from '../../src/http.node.js';
import { endpointMetrics, ledgerMetrics, prometheusResponse, prometheusText } from '../../src/prometheus.js';
import { factory } from '../http/support.js';

describeService('a real Prometheus', prometheusMissing(), () => {
  const awkward: MetricFamily = {
    name: 'awkward',
    help: 'A "help"\nwith \\ all.',
    kind: 'gauge',
    samples: [
      { labels: { path: 'a"b\\c\nd', empty: '' }, value: 1e-9 },
      { labels: { path: 'ü' }, value: Number.POSITIVE_INFINITY },
    ],
  };
  const servers = [] as { close(): unknown }[];
  let metrics: () => readonly MetricFamily[];
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    const { endpoint, registry } = await factory();
    const reads = [endpointMetrics('fraud', endpoint), ledgerMetrics(registry.ledger), () => [awkward]];
    metrics = () => reads.flatMap((read) => read());
    for (let i = 0; i < 5; i++) await endpoint.predict({ euros: i }, { unit: `customer-${i}` });
    const open = async (handle: Parameters<typeof toNode>[0]) => {
      const server = createServer(toNode(handle));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    // This version asks for OpenMetrics; the second target answers with 0.0.4 whatever it is asked for.
    prometheus = await startPrometheus({
      openmetrics: { address: await open(httpService({ metrics })), path: '/metrics' },
      text: { address: await open(async () => prometheusResponse(metrics())), path: '/' },
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    for (const server of servers) server.close();
  });

  it('finds nothing wrong with the text', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: prometheusText(metrics()),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const broken = spawnSync('promtool', ['check', 'metrics'], { input: 'up{a="1} 1\n', encoding: 'utf8' });
    expect(broken.status).not.toBe(0);
  });

  it('scrapes both formats to the same values', async () => {
    const query = async (text: string) => {
      const { data } = await prometheus.ask(`query?query=${encodeURIComponent(text)}`);
      return (data as { result: { metric: Record<string, string>; value: [number, string] }[] }).result;
    };
    for (let tries = 0; (await query('count(awkward)'))[0]?.value[1] !== '4'; tries++) {
      if (tries > 100) throw new Error(JSON.stringify(await prometheus.ask('targets')));
      await wait(100);
    }
    for (const job of ['openmetrics', 'text']) {
      const decisions = await query(`millwright_decisions_total{job="${job}"}`);
      expect(decisions).toMatchObject([
        { metric: { endpoint: 'fraud', arm: 'champion', status: 'answered' }, value: [expect.anything(), '5'] },
      ]);
      const [quantile] = await query(
        `histogram_quantile(0.5, millwright_decision_duration_seconds_bucket{job="${job}"})`,
      );
      expect(Number(quantile?.value[1])).toBeLessThanOrEqual(0.001);
      const odd = await query(`awkward{job="${job}"}`);
      expect(odd.map(({ metric, value }) => [metric['path'], value[1]])).toEqual(
        expect.arrayContaining([
          ['a"b\\c\nd', '1e-09'],
          ['ü', '+Inf'],
        ]),
      );
    }
    const { data } = await prometheus.ask(
      `query_exemplars?query=millwright_decision_duration_seconds_bucket&start=${Date.UTC(2026) / 1_000 - 60}&end=${Date.UTC(2026) / 1_000 + 60}`,
    );
    expect(JSON.stringify(data)).toContain('decision_id');
  });
});
