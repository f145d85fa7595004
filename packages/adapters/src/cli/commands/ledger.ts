import { writeFile } from 'node:fs/promises';
import { collectGarbage } from '@millwright/core/garbage';
import { renderReport, reportOf } from '../../html-report.js';
import type { Command } from '../command.js';

export const verify: Command = {
  summary: 'reads every byte of the ledger again and recomputes every hash',
  usage: '',
  takes: [0, 0],
  run: (call) =>
    call.registry(async ({ ledger }) => {
      const report = await ledger.verify({ onProgress: ({ done, total }) => call.progress(done, total, 'commits') });
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

export const report: Command = {
  summary: 'writes what happened as one HTML file',
  usage: '[--out report.html] [--title <text>]',
  options: { out: { type: 'string' }, title: { type: 'string' } },
  takes: [0, 0],
  run: (call) =>
    call.registry(async (registry) => {
      const model = await reportOf(registry, { title: call.text('title') });
      const html = renderReport(model);
      const out = call.text('out') ?? 'report.html';
      await writeFile(out, html);
      const entries = model.timeline?.length ?? 0;
      return {
        lines: [`${out}: ${entries} entries, ${Math.ceil(html.length / 1000)} kB`],
        json: { out, entries, bytes: Buffer.byteLength(html), verified: model.ledger?.verified },
        exit: model.ledger?.verified === true ? 'ok' : 'no',
      };
    }),
};
