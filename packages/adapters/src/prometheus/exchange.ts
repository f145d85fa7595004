import { MillwrightError } from '@millwright/core';
import type { Labels, MetricFamily, NumberSample } from '@millwright/core/telemetry';
import type { EpochStatistics, ObservationExchange, PublishedSums } from '@millwright/serving/rollout';

/** How Prometheus is asked. */
export interface PrometheusExchangeOptions {
  /** Asks the HTTP API and resolves with its JSON: `(path) => fetch(url + '/api/v1/' + path).then((r) => r.json())`. */
  readonly ask: (path: string) => Promise<unknown>;
}

/** An exchange whose published sums are scraped. */
export interface PrometheusExchange extends ObservationExchange {
  readonly exact: false;
  /** What this process has published, to be served with its other metrics (`prometheusResponse`). */
  metrics(): readonly MetricFamily[];
}

/**
 * Sums of rollouts by way of Prometheus: each process shows its counts to be scraped and reads those of the others. Scrapes
 * are late, may miss a process's last counts, and belong to different moments, so they may roll back and never promote.
 * Counts only: bets and histograms of amounts and latencies do not travel.
 */
export function prometheusExchange({ ask }: PrometheusExchangeOptions): PrometheusExchange {
  const published = new Map<string, PublishedSums>();
  return {
    exact: false,
    async publish(rollout, own) {
      // Again the last: a rollout that goes on is never the one to be forgotten.
      published.delete(rollout);
      published.set(rollout, own);
      if (published.size > MAX_SHOWN) published.delete(published.keys().next().value!);
    },
    async read(rollout) {
      const query = `{__name__=~"${NAME}_(${Object.keys(HELP).join('|')})_total",rollout=${JSON.stringify(rollout)}}`;
      return sumsOf(resultOf(await ask(`query?query=${encodeURIComponent(query)}`)));
    },
    metrics: () =>
      Object.entries(HELP).map(
        ([what, help]): MetricFamily => ({
          name: `${NAME}_${what}`,
          help,
          kind: 'counter',
          samples: [...published].flatMap(([rollout, own]) => samplesOf(what as keyof typeof HELP, rollout, own)),
        }),
      ),
  };
}

/** Rollouts whose counts are shown, those that published last: a process that lives for years does not show all that it saw. */
const MAX_SHOWN = 100;
const NAME = 'millwright_rollout';
const HELP = {
  exposures: 'Units that were exposed, by arm and epoch.',
  rows: 'Units whose outcome is known, by metric.',
  missing: 'Units whose label did not come in time, by metric.',
  events: 'Sum of the outcomes, by metric.',
} as const;
const FIELDS = { rows: 'rows', missing: 'missing', events: 'sum' } as const;
const ARMS = ['champion', 'challenger'] as const;

function samplesOf(what: keyof typeof HELP, rollout: string, { boot, epochs }: PublishedSums): readonly NumberSample[] {
  return epochs.flatMap(({ epoch, share, exposures, metrics }) => {
    const labels = { rollout, boot, epoch: String(epoch), share: String(share) };
    const pair = (more: Labels, values: readonly [number, number]) =>
      ARMS.map((arm, i) => ({ labels: { ...labels, ...more, arm }, value: values[i]! }));
    if (what === 'exposures') return pair({}, exposures);
    return Object.entries(metrics).flatMap(([metric, sums]) => pair({ metric }, sums[FIELDS[what]]));
  });
}

interface Series {
  readonly metric: Labels;
  readonly value: readonly [number, string];
}

/** The vector of an answer. @throws `storage/failed` with what the server said */
function resultOf(answer: unknown): readonly Series[] {
  const { status, data, error } = (answer ?? {}) as { status?: string; data?: { result?: Series[] }; error?: string };
  if (status === 'success' && Array.isArray(data?.result)) return data.result;
  throw new MillwrightError('storage/failed', `Prometheus could not read the sums of a rollout: ${error ?? status}`, {
    details: { store: 'prometheus', operation: 'read' },
  });
}

type Pair = [number, number];
interface OpenEpoch {
  epoch: number;
  share: number;
  exposures: Pair;
  metrics: Record<string, { rows: Pair; missing: Pair; sum: Pair }>;
}

/** One process may be scraped twice; its larger counts are the newer. */
function sumsOf(series: readonly Series[]): readonly PublishedSums[] {
  const boots = new Map<string, { number: number; epochs: Map<string, OpenEpoch> }>();
  for (const { metric: labels, value } of series) {
    const { boot = '', epoch = '', arm = '', metric } = labels;
    const i = ARMS.indexOf(arm as (typeof ARMS)[number]) as -1 | 0 | 1;
    const count = Number(value[1]);
    if (boot === '' || i === -1 || !Number.isFinite(count)) continue;
    const own = boots.get(boot) ?? { number: 0, epochs: new Map<string, OpenEpoch>() };
    boots.set(boot, own);
    own.number = Math.max(own.number, value[0]);
    const fresh: OpenEpoch = { epoch: Number(epoch), share: Number(labels['share']), exposures: [0, 0], metrics: {} };
    const sums = own.epochs.get(epoch) ?? fresh;
    own.epochs.set(epoch, sums);
    const pair = metric === undefined ? sums.exposures : pairIn(sums, metric, labels['__name__'] ?? '');
    pair[i] = Math.max(pair[i], count);
  }
  return [...boots].map(([boot, { number, epochs }]) => ({
    boot,
    number,
    epochs: [...epochs.values()].sort((a, b) => a.epoch - b.epoch) satisfies EpochStatistics[],
  }));
}

function pairIn(sums: OpenEpoch, metric: string, name: string): Pair {
  const known = sums.metrics[metric] ?? { rows: [0, 0], missing: [0, 0], sum: [0, 0] };
  sums.metrics[metric] = known;
  const what = name.slice(NAME.length + 1, -'_total'.length);
  return what === 'events' ? known.sum : what === 'missing' ? known.missing : known.rows;
}
