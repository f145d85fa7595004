import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { type PrometheusServer, prometheusMissing, startPrometheus } from '../../../../test/services/prometheus.js';
import { toNode } from '../../src/http.node.js';
import { prometheusExchange, prometheusResponse } from '../../src/prometheus.js';
import { sums } from '../support/exchange-cases.js';

describeService('sums of rollouts by way of a real Prometheus', prometheusMissing(), () => {
  const shown = prometheusExchange({ ask: async () => undefined });
  const server = createServer(toNode(async () => prometheusResponse(shown.metrics())));
  let prometheus: PrometheusServer;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    prometheus = await startPrometheus({ a: { address, path: '/' }, again: { address, path: '/' } });
  });
  afterAll(async () => {
    await prometheus?.stop();
    server.close();
  });

  test('what one process shows another reads after a scrape, once although it is scraped by two jobs', async () => {
    await shown.publish('r1', { boot: 'a/1', number: 1, epochs: sums(3, 11) });
    const other = prometheusExchange({ ask: (path) => prometheus.ask(path) });
    let read = await other.read('r1');
    for (let tries = 0; tries < 100 && read.length === 0; tries++) {
      await wait(100);
      read = await other.read('r1');
    }
    expect(read.length).toBe(1);
    expect(read[0]).toMatchObject({ boot: 'a/1', epochs: [{ epoch: 3, share: 0.05 }] });
    expect(await other.read('unknown')).toEqual([]);
  });
});
