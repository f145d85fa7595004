import { describe, expect, test } from 'vitest';
import { prometheusExchange, prometheusText } from '../../src/prometheus.js';
import { sums } from '../support/exchange-cases.js';

/** As a server answers that has scraped this text. */
function scraped(text: string, time = 12.5) {
  const result = [...text.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)].map(([, name, labels, value]) => ({
    metric: Object.fromEntries([
      ['__name__', name],
      ...[...labels!.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]),
    ]),
    value: [time, value],
  }));
  return { status: 'success', data: { resultType: 'vector', result } };
}

describe('prometheusExchange', () => {
  test('shows counts and reads those of others, without bets', async () => {
    const one = prometheusExchange({ ask: async () => undefined });
    await one.publish('r', { boot: 'a/1', number: 1, epochs: [...sums(1, 7), ...sums(2, 9)] });
    const text = prometheusText(one.metrics());
    expect(text).toContain(
      'millwright_rollout_events_total{rollout="r",boot="a/1",epoch="1",share="0.05",metric="errors",arm="champion"} 7',
    );
    const two = prometheusExchange({ ask: async () => scraped(text) });
    const [read] = await two.read('r');
    expect(read).toMatchObject({ boot: 'a/1', number: 12.5 });
    expect(read!.epochs.map(({ epoch, metrics }) => [epoch, metrics['errors']])).toEqual([
      [1, { rows: [100, 5], missing: [0, 0], sum: [7, 1] }],
      [2, { rows: [100, 5], missing: [0, 0], sum: [9, 1] }],
    ]);
    expect(two.exact).toBe(false);
  });

  test('shows the rollouts that published last, not all that there ever were', async () => {
    const { publish, metrics } = prometheusExchange({ ask: async () => undefined });
    for (let number = 1; number <= 300; number++) {
      await publish(`r${number}`, { boot: 'a/1', number, epochs: sums(1, 7) });
      await publish('long', { boot: 'a/1', number, epochs: sums(1, 7) });
    }
    const shown = new Set(metrics().flatMap(({ samples }) => samples.map(({ labels }) => labels['rollout'])));
    expect(shown.size).toBe(100);
    expect([...shown].slice(-2)).toEqual(['r300', 'long']);
  });

  test('a process that is scraped twice counts once, what is no count is left out', async () => {
    const one = prometheusExchange({ ask: async () => undefined });
    await one.publish('r', { boot: 'a/1', number: 1, epochs: sums(1, 7) });
    const old = scraped(prometheusText(one.metrics()));
    await one.publish('r', { boot: 'a/1', number: 2, epochs: sums(1, 8) });
    const both = scraped(prometheusText(one.metrics()));
    both.data.result.push(...old.data.result, { metric: { boot: 'x' }, value: [1, 'NaN'] });
    const read = await prometheusExchange({ ask: async () => both }).read('r');
    expect(read.map(({ epochs }) => epochs[0]!.metrics['errors']!.sum)).toEqual([[8, 1]]);
  });

  test('says what the server said when it refuses', async () => {
    const ask = async () => ({ status: 'error', error: 'too many samples' });
    await expect(prometheusExchange({ ask }).read('r')).rejects.toThrow(/too many samples/);
    await expect(prometheusExchange({ ask: async () => undefined }).read('r')).rejects.toThrow(/Prometheus/);
  });
});
