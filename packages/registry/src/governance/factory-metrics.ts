import type { LedgerEvent } from '@millwright/core/ledger';

/** Figures about the factory itself, after the DORA metrics (Forsgren, Humble, Kim: Accelerate), from the ledger alone. */
export interface FactoryMetrics {
  /** Name and version of these definitions. Figures of different definitions are not comparable. */
  readonly definition: 'millwright.factory-metrics/2';
  /** The span that the figures are about, milliseconds since 1970. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly versionsRegistered: number;
  /** Moves of a production alias that are no rollback. */
  readonly promotions: number;
  readonly rollbacks: number;
  /** Promotions per 7 days of `from` to `until`; undefined for an empty span. */
  readonly promotionsPerWeek: number | undefined;
  /** From the start of the run that made a version (else its registration) to its first promotion, milliseconds. */
  readonly leadTimeMs: Distribution | undefined;
  /** Share of promotions that were rolled back within the window; undefined without promotions. */
  readonly changeFailureRate: number | undefined;
  /** From the promotion to the rollback that undid it, milliseconds. */
  readonly timeToRollbackMs: Distribution | undefined;
  /** Share of gate verdicts that block; undefined without any. */
  readonly gateRejectionRate: number | undefined;
  /** Share of gate verdicts that ask for more evidence. */
  readonly gateHoldRate: number | undefined;
  /** Share of promotions that name at least one piece of evidence. */
  readonly evidenceCoverage: number | undefined;
  readonly denied: number;
  readonly breakGlass: number;
  /**
   * Staleness: time from the registration of what each production alias points to, until the end of the span,
   * milliseconds. Undefined when nothing is in production.
   */
  readonly servingAgeMs: Distribution | undefined;
  /** Share of finished runs that did not succeed. */
  readonly runFailureRate: number | undefined;
}

/** Quantiles by nearest rank. */
export interface Distribution {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
}

/** What counts as production, and as a failed promotion. */
export interface FactoryMetricsOptions {
  /** Aliases that carry production traffic. Default `champion`. */
  readonly productionAliases?: readonly string[] | undefined;
  /** How long after a promotion a rollback counts as its failure. Default 30 days. */
  readonly failureWindowMs?: number | undefined;
  /** End of the span. Default: the last event. */
  readonly until?: number | undefined;
}

const DAY_MS = 86_400_000;

/** Computes the metrics over events in ledger order: `factoryMetrics(events)`, of what `ledger.read()` gives. */
export function factoryMetrics(events: Iterable<LedgerEvent>, options: FactoryMetricsOptions = {}): FactoryMetrics {
  const production = new Set(options.productionAliases ?? ['champion']);
  const windowMs = options.failureWindowMs ?? 30 * DAY_MS;
  const runStarts = new Map<string, number>();
  const versionStarts = new Map<string, number>();
  const promotedAt = new Map<string, Promotion>();
  const firstPromotions = new Set<string>();
  const registeredAt = new Map<string, number>();
  const serving = new Map<string, string>();
  const leadTimes: number[] = [];
  const restoreTimes: number[] = [];
  const count = { registered: 0, promotions: 0, rollbacks: 0, failures: 0, covered: 0, denied: 0, breakGlass: 0 };
  const gates = { pass: 0, fail: 0, insufficient: 0 };
  const runs = { succeeded: 0, failed: 0, crashed: 0 };
  let from: number | undefined;
  let last: number | undefined;

  for (const { type, data, time } of events) {
    from ??= time;
    last = time;
    if (type === 'run.started') runStarts.set(`${data['name']}@${data['number']}`, time);
    else if (type === 'run.finished') bump(runs, data['status']);
    else if (type === 'command.denied') count.denied++;
    else if (type === 'evidence.attached' && data['kind'] === 'gate') bump(gates, data['verdict']);
    else if (type === 'version.registered') {
      count.registered++;
      registeredAt.set(`${data['model']}@${data['number']}`, time);
      versionStarts.set(`${data['model']}@${data['number']}`, runStarts.get(String(data['madeBy'])) ?? time);
    } else if (type === 'alias.moved') {
      if (data['breakGlass'] === true) count.breakGlass++;
      if (production.has(String(data['alias']))) aliasMoved(data, time);
    } else if (type === 'alias.removed') serving.delete(`${data['model']}:${data['alias']}`);
  }

  function aliasMoved(data: LedgerEvent['data'], time: number): void {
    const key = `${data['model']}:${data['alias']}`;
    const before = promotedAt.get(key);
    serving.set(key, String(data['to']));
    if (data['kind'] === 'rollback') {
      count.rollbacks++;
      if (before !== undefined && before.version === data['from']) {
        restoreTimes.push(time - before.time);
        if (time - before.time <= windowMs) count.failures++;
      }
      promotedAt.delete(key);
      return;
    }
    const version = String(data['to']);
    count.promotions++;
    if (Array.isArray(data['evidence']) && data['evidence'].length > 0) count.covered++;
    promotedAt.set(key, { version, time });
    const start = versionStarts.get(version);
    if (start !== undefined && !firstPromotions.has(version)) leadTimes.push(time - start);
    firstPromotions.add(version);
  }

  const until = options.until ?? last;
  const spanMs = from === undefined || until === undefined ? 0 : until - from;
  const ages = [...serving.values()]
    .map((version) => registeredAt.get(version))
    .filter((time) => time !== undefined)
    .map((time) => (until ?? time) - time);
  const judged = gates.pass + gates.fail + gates.insufficient;
  return {
    definition: 'millwright.factory-metrics/2',
    from,
    until,
    versionsRegistered: count.registered,
    promotions: count.promotions,
    rollbacks: count.rollbacks,
    promotionsPerWeek: ratio(count.promotions * 7 * DAY_MS, spanMs),
    leadTimeMs: distribution(leadTimes),
    changeFailureRate: ratio(count.failures, count.promotions),
    timeToRollbackMs: distribution(restoreTimes),
    gateRejectionRate: ratio(gates.fail, judged),
    gateHoldRate: ratio(gates.insufficient, judged),
    evidenceCoverage: ratio(count.covered, count.promotions),
    denied: count.denied,
    breakGlass: count.breakGlass,
    servingAgeMs: distribution(ages),
    runFailureRate: ratio(runs.failed + runs.crashed, runs.succeeded + runs.failed + runs.crashed),
  };
}

interface Promotion {
  readonly version: string;
  readonly time: number;
}

function bump(counts: Record<string, number>, key: unknown): void {
  if (typeof key === 'string' && Object.hasOwn(counts, key)) counts[key]!++;
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

function distribution(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const rank = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
  return { count: sorted.length, median: rank(0.5), p90: rank(0.9), max: sorted.at(-1)! };
}
