import { writeFileSync } from 'node:fs';
import {
  calibrationOf,
  driftOf,
  evaluationOf,
  ledgerOf,
  lineageOf,
  type ReportModel,
  renderReport,
  rolloutOf,
  timelineOf,
} from '@millwright/adapters/html-report';
import { type VerifyReport, verifyInclusion } from '@millwright/core/ledger';
import { impact } from '@millwright/core/lineage';
import { modelCard, technicalFile, timeline } from '@millwright/registry/governance';
import { count, date, type Screen } from './console.js';
import { MODEL } from './models.js';
import type { Story } from './story.js';

/** What a person reads at the end: the timeline, an old question answered with a proof, and two files. */
export async function writeReports(story: Story, screen: Screen): Promise<void> {
  const { registry } = story.factory;
  screen.heading('What happened');
  const entries = await timeline(registry, { kinds: TOLD });
  for (const { time, actor, sentence } of entries) screen.line(`${date(time)}  ${actor.padEnd(6)} ${sentence}`);

  screen.heading('Who was champion on March 5, who decided it, on what evidence?');
  const then = registry.models.aliasAt(MODEL, 'champion', Date.UTC(2001, 2, 5))!;
  screen.line(`${then.version}, since ${date(then.time)}, by ${then.by}: ${then.reason}`);
  for (const digest of then.evidence) screen.line(`  evidence ${digest}`);
  const proof = await registry.ledger.prove(then.eventIndex);
  const [entry] = await firstOf(registry.ledger.read({ from: then.eventIndex }));
  const proved = entry !== undefined && verifyInclusion(proof, { type: entry.type, data: entry.data });
  screen.line(`  entry ${proof.index} of ${proof.size}, proved by ${proof.path.length} hashes: ${proved}`);
  const seen = impact(registry.lineage, registry.datasets.versions('flights-raw')[0]!.node, 'model');
  screen.line(`  models that go back to the raw file: ${seen.map(({ label }) => label).join(', ')}`);

  const verified = await registry.ledger.verify();
  screen.line(
    `the ledger ${verified.ok ? 'verifies' : 'DOES NOT VERIFY'}: ${count(verified.events)} events, ${count(verified.commits)} commits, root ${verified.head.root}`,
  );
  if (!verified.ok || !proved) process.exitCode = 1;

  const champion = registry.models.aliased(MODEL, 'champion')!;
  writeFileSync(
    'model-card.md',
    await modelCard(registry, champion, { license: 'Apache-2.0', task: 'tabular-classification', language: ['en'] }),
  );
  const dossier = await technicalFile(registry, champion);
  writeFileSync('technical-file.md', dossier.toMarkdown());
  const filled = dossier.fields.length - dossier.empty.length;
  screen.line(
    `technical file after Annex IV: ${filled} of ${dossier.fields.length} fields from the ledger alone; empty: ${dossier.empty.join(', ')}`,
  );
  writeFileSync('report.html', renderReport(reportOf(story, entries, verified)));
  screen.line('report.html, model-card.md and technical-file.md are written next to this example');
}

/** What the timeline tells. */
const TOLD = [
  'dataset.added',
  'run.finished',
  'version.registered',
  'evidence.attached',
  'approval.given',
  'alias.moved',
  'rollout.submitted',
  'rollout.stageEntered',
  'rollout.rollbackStarted',
  'drift.triggered',
  'command.denied',
];

type Entries = Awaited<ReturnType<typeof timeline>>;

function reportOf(story: Story, entries: Entries, verified: VerifyReport): ReportModel {
  const { factory, judged, rollouts, days, watch } = story;
  const { registry } = factory;
  const requests = days.reduce((sum, day) => sum + day.requests, 0);
  const champion = registry.models.aliased(MODEL, 'champion')!.id;
  const newest = judged.find(({ version }) => version === champion);
  return {
    title: 'Flight delays: half a year of a model factory',
    summary: `Every flight between 229 US airports from January to June 2001: ${count(requests)} requests answered, each outcome joined, every decision in one ledger.`,
    time: factory.clock.now(),
    facts: [
      { label: 'Champion', value: champion },
      {
        label: 'Versions',
        value: registry.models.versions(MODEL).length,
        note: `${rollouts.length} of them met travellers`,
      },
      { label: 'Promotions', value: registry.models.history(MODEL, 'champion').length },
      { label: 'Requests', value: requests },
      { label: 'Ledger', value: verified.events, note: 'events' },
    ],
    timeline: timelineOf(entries),
    evaluations: judged.slice(1).map(({ report, verdict }) => evaluationOf(report, verdict)),
    calibrations: newest === undefined ? [] : [calibrationOf(newest.calibration)],
    rollouts: rollouts.map(({ version, history }) => rolloutOf(history, { title: version })),
    drift: {
      ...driftOf(watch.records, {
        sentence:
          'Each day against the training data, in units of what would matter: 1 is an alarm. Retraining is asked for when five of seven days alarm.',
      }),
      lines: [
        {
          title: 'What travellers felt, day by day',
          x: 'time',
          format: 'share',
          series: [
            {
              label: 'late without a warning',
              tone: 'bad',
              points: days.map(({ day, missed, requests: n }) => ({ x: day.startMs, y: missed / n })),
            },
            {
              label: 'warned without need',
              tone: 'muted',
              points: days.map(({ day, falseAlarms, requests: n }) => ({ x: day.startMs, y: falseAlarms / n })),
            },
          ],
        },
      ],
    },
    lineage: lineageOf(registry.lineage, { sentence: 'From the raw file to every model.' }),
    ledger: ledgerOf(verified),
  };
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) return [item];
  return [];
}
