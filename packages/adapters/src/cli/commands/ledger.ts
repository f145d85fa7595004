import { writeFile } from 'node:fs/promises';
import { collectGarbage } from '@millwright/core/garbage';
import { toJson } from '@millwright/core/lineage';
import { timeline } from '@millwright/registry/governance';
import { lastRollout, rolloutProjection } from '@millwright/serving/rollout';
import { type EntryKind, renderReport } from '../../html-report.js';
import type { Command } from '../command.js';
import { day } from '../words.js';

export const verify: Command = {
  summary: 'reads every byte of the ledger again and recomputes every hash',
  usage: '',
  takes: [0, 0],
  run: (call) =>
    call.registry(async ({ ledger }) => {
      const report = await ledger.verify();
      const { ok, head, firstBad, events, commits } = report;
      const lines = ok
        ? [`${events} events in ${commits} commits verify.`, `root ${head.root} of ${head.size} leaves`]
        : [`The ledger does not verify: commit ${firstBad?.seq}, ${firstBad?.reason}.`];
      return { lines, json: report, exit: ok ? 'ok' : 'no' };
    }),
};

export const gc: Command = {
  summary: 'says which blobs nothing wants; with --sweep, condemns them, and deletes those condemned a day before',
  usage: '[--sweep]',
  options: { sweep: { type: 'boolean' } },
  takes: [0, 0],
  run: (call) =>
    call.registry(async ({ ledger, blobs }) => {
      const report = await collectGarbage(ledger, blobs, { dryRun: !call.flag('sweep') });
      const { wanted, condemned, swept, waiting } = report;
      const bytes = condemned.reduce((sum, { size }) => sum + size, 0);
      const verb = report.dryRun ? 'could be condemned' : 'condemned';
      const lines = [
        `${wanted} wanted, ${condemned.length} ${verb} (${bytes} bytes), ${waiting} waiting, ${swept.length} deleted`,
      ];
      return { lines, json: report };
    }),
};

export const rollout: Command = {
  summary: 'tells where the newest rollout of a model stands',
  usage: '<model> [--alias champion]',
  options: { alias: { type: 'string' } },
  takes: [1, 1],
  run: (call) =>
    call.registry(async ({ ledger, models }) => {
      const { id } = models.get(call.args[0]!);
      await ledger.use(rolloutProjection);
      const state = lastRollout(ledger.state(rolloutProjection), id, call.text('alias') ?? 'champion');
      if (state === undefined) return { lines: [`${id} has never been rolled out.`], json: null };
      const { challenger, champion, status, stage, submittedAt, evidence } = state;
      const lines = [
        `${challenger} against ${champion}: ${status}, stage ${stage + 1} of ${state.definition.stages.length}, since ${day(submittedAt)}`,
        ...(evidence === undefined ? [] : [evidence.evidence.because.sentence]),
      ];
      return { lines, json: { id: state.id, model: id, challenger, champion, status, stage, submittedAt } };
    }),
};

export const report: Command = {
  summary: 'writes what happened as one HTML file',
  usage: '[--out report.html] [--title <text>]',
  options: { out: { type: 'string' }, title: { type: 'string' } },
  takes: [0, 0],
  run: (call) =>
    call.registry(async (registry) => {
      const { ok, head, events } = await registry.ledger.verify();
      const entries = await timeline(registry);
      const { nodes, edges } = toJson(registry.lineage);
      const out = call.text('out') ?? 'report.html';
      const html = renderReport({
        title: call.text('title') ?? 'A model factory',
        time: head.time,
        facts: [
          { label: 'Models', value: registry.models.list().items.length },
          { label: 'Ledger', value: events, note: 'events' },
        ],
        timeline: entries.map(({ time, kind, sentence, actor }) => ({
          time,
          sentence,
          kind: kindOf(kind),
          detail: actor,
        })),
        lineage: { nodes, edges },
        ledger: { size: events, head: `commit ${head.seq}`, root: head.root, verified: ok },
      });
      await writeFile(out, html);
      return {
        lines: [`${out}: ${entries.length} entries, ${html.length} bytes`],
        json: { out, entries: entries.length },
      };
    }),
};

const KINDS: readonly (readonly [prefix: string, kind: EntryKind])[] = [
  ['dataset.', 'data'],
  ['run.', 'run'],
  ['version.', 'model'],
  ['model.', 'model'],
  ['evidence.', 'gate'],
  ['approval.', 'approval'],
  ['alias.', 'promotion'],
  ['rollout.', 'rollout'],
  ['drift.', 'drift'],
  ['review.', 'review'],
];

function kindOf(type: string): EntryKind {
  return KINDS.find(([prefix]) => type.startsWith(prefix))?.[1] ?? 'note';
}
