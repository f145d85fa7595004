import type { Abortable } from '@millwright/core';
import type { LedgerEvent } from '@millwright/core/ledger';
import { reviewProjection } from '@millwright/core/review';
import { type DriftDecision, windowHistory } from '@millwright/drift';
import type { ModelVersion, RegisteredModel, Registry } from '@millwright/registry';
import { timeline } from '@millwright/registry/governance';
import { historyOf } from '@millwright/serving/rollout';
import { driftOf } from './from-drift.js';
import { ledgerOf } from './from-ledger.js';
import { lineageOf } from './from-lineage.js';
import { reviewsOf } from './from-reviews.js';
import { rolloutOf } from './from-rollout.js';
import { timelineOf } from './from-timeline.js';
import type { ReportModel, RolloutSection, TableSection } from './model.js';

/** What the report of a whole registry is called, and how long its tables may get. */
export interface RegistryReportOptions extends Abortable {
  /** Default `A model factory`. */
  readonly title?: string | undefined;
  /** At most so many rows of each table, rollouts aside, the newest. Default 100. */
  readonly most?: number | undefined;
}

/** A page that is read by people shows so many rollouts at most. */
const MOST_ROLLOUTS = 12;
/** Two months of days. */
const MOST_WINDOWS = 62;
/** The whole graph is drawn up to so many nodes; of a larger one, what stands around the versions that aliases point to. */
const MOST_NODES = 80;

/**
 * Everything that a registry's ledger tells, ready to be written or to be added to: what happened, the versions and the
 * evidence about them, rollouts, drift as `logWindows` kept it, reviews, lineage. The whole ledger is read and verified.
 *
 * @example
 * await writeFile('report.html', renderReport(await reportOf(registry)));
 */
export async function reportOf(registry: Registry, options: RegistryReportOptions = {}): Promise<ReportModel> {
  const { title = 'A model factory', most = 100, signal } = options;
  const { ledger, models } = registry;
  await ledger.use(reviewProjection);
  const verified = await ledger.verify({ signal });
  const products = modelsOf(registry);
  const versions = products.flatMap(({ id }) => models.versions(id)).sort((a, b) => b.eventIndex - a.eventIndex);
  const serving = versions.filter(({ aliases }) => aliases.length > 0);
  const reviews = reviewsOf(ledger.state(reviewProjection), { most });
  return {
    title,
    time: verified.head.time,
    facts: [
      { label: 'Models', value: products.length },
      { label: 'Versions', value: versions.length },
      ...serving.slice(0, 4).map(({ id, aliases }) => ({ label: aliases.join(', '), value: id })),
      { label: 'Ledger', value: verified.events, note: 'events' },
    ],
    timeline: timelineOf(await timeline(registry, { signal })),
    rollouts: await rolloutsOf(registry, signal),
    ...(await driftSectionOf(registry, signal)),
    ...(reviews.reviews.length > 0 ? { reviews } : {}),
    tables: [versionTable(versions, most), evidenceTable(versions, most), datasetTable(registry, most)].filter(
      ({ rows }) => rows.length > 0,
    ),
    lineage: lineageOf(registry.lineage, {
      around: registry.lineage.nodes.size <= MOST_NODES ? undefined : serving.map(({ node }) => node),
    }),
    ledger: ledgerOf(verified),
  };
}

function modelsOf({ models }: Registry): readonly RegisteredModel[] {
  const all: RegisteredModel[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = models.list({}, { limit: 1000, after });
    all.push(...items);
    if (next === undefined) return all;
    after = next;
  }
}

async function rolloutsOf({ ledger }: Registry, signal: AbortSignal | undefined): Promise<readonly RolloutSection[]> {
  const byId = new Map<string, LedgerEvent[]>();
  for await (const event of ledger.read({ signal })) {
    const id = event.type.startsWith('rollout.') ? event.data['rollout'] : undefined;
    if (typeof id !== 'string') continue;
    if (!byId.has(id)) byId.set(id, []);
    byId.get(id)!.push(event);
  }
  return [...byId.values()].slice(-MOST_ROLLOUTS).map((events) => {
    const challenger = events[0]!.data['challenger'];
    return rolloutOf(historyOf(events), { title: typeof challenger === 'string' ? challenger : undefined });
  });
}

/** The monitor that spoke last; which others there are is said. */
async function driftSectionOf(
  registry: Registry,
  signal: AbortSignal | undefined,
): Promise<Pick<ReportModel, 'drift'>> {
  const monitors = [...(await windowHistory(registry, { windows: MOST_WINDOWS })({ signal }))];
  const ends = (records: readonly DriftDecision[]) => records.at(-1)?.window.endMs ?? 0;
  const [newest, ...others] = monitors.sort(([, a], [, b]) => ends(b) - ends(a));
  if (newest === undefined) return {};
  const [name, records] = newest;
  const section = driftOf(records);
  const more = others.length === 0 ? '' : ` Other monitors: ${others.map(([other]) => other).join(', ')}.`;
  return { drift: { ...section, sentence: `${name}: ${section.sentence}${more}` } };
}

function versionTable(versions: readonly ModelVersion[], most: number): TableSection {
  return {
    title: 'Versions',
    caption: captionOf(versions.length, most),
    columns: [
      { label: 'Version' },
      { label: 'Stage' },
      { label: 'Aliases' },
      { label: 'Registered', format: 'time' },
      { label: 'By' },
      { label: 'Metrics' },
    ],
    rows: versions.slice(0, most).map(({ id, stage, aliases, registeredAt, registeredBy, metrics }) => [
      id,
      stage,
      aliases.join(', '),
      registeredAt,
      registeredBy,
      Object.entries(metrics)
        .slice(0, 4)
        .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
        .join(', '),
    ]),
  };
}

function evidenceTable(versions: readonly ModelVersion[], most: number): TableSection {
  const all = versions.flatMap(({ id, evidence }) => evidence.map((each) => ({ id, ...each })));
  all.sort((a, b) => b.eventIndex - a.eventIndex);
  return {
    title: 'Evidence',
    caption: captionOf(all.length, most),
    columns: [
      { label: 'Version' },
      { label: 'Kind' },
      { label: 'Verdict', format: 'verdict' },
      { label: 'In words' },
      { label: 'When', format: 'time' },
    ],
    rows: all.slice(0, most).map(({ id, kind, verdict, sentence, time }) => [id, kind, verdict, sentence, time]),
  };
}

function datasetTable({ datasets }: Registry, most: number): TableSection {
  const all = datasets.list();
  return {
    title: 'Datasets',
    caption: all.length > most ? `The newest version of each, ${most} of ${all.length}` : 'The newest version of each',
    columns: [
      { label: 'Dataset' },
      { label: 'Layer' },
      { label: 'Rows', format: 'integer' },
      { label: 'Validation', format: 'verdict' },
      { label: 'Added', format: 'time' },
    ],
    rows: all
      .slice(0, most)
      .map(({ id, layer, rowCount, validation, addedAt }) => [id, layer, rowCount, validation?.verdict, addedAt]),
  };
}

function captionOf(count: number, most: number): string | undefined {
  return count > most ? `The newest ${most} of ${count}` : undefined;
}
