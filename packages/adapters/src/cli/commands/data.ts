import { writeFile } from 'node:fs/promises';
import type { Verdict } from '@millwright/core';
import { profileTable } from '@millwright/core/profile';
import { columnOf, type Table } from '@millwright/core/table';
import { validate as check, type Expectation } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { reportMarkdown } from '@millwright/core/validation/markdown';
import { metrics } from '@millwright/core/validation/metric';
import { suggestExpectations } from '@millwright/core/validation/suggest';
import { compareProfiles } from '@millwright/drift';
import { compare, type GatePolicy, gate, toMarkdown } from '@millwright/registry/evaluation';
import type { Answer, Call, Command } from '../command.js';
import { readJson, readTable } from '../files.js';

export const validate: Command = {
  summary: 'holds data against a suite of expectations',
  usage: '<data> --suite <file> [--reference <data>], or <data> --suggest <file>',
  options: { suite: { type: 'string' }, reference: { type: 'string' }, suggest: { type: 'string' } },
  takes: [1, 1],
  async run(call) {
    const data = await readTable(call.args[0]!, call.progress);
    const target = call.text('suggest');
    const suite = call.text('suite');
    if (target !== undefined || suite === undefined) {
      const suggested = suggestExpectations(profileTable(data));
      if (target === undefined) return { lines: [JSON.stringify(suggested, undefined, 2)], json: suggested };
      await writeFile(target, `${JSON.stringify(suggested, undefined, 2)}\n`);
      const use = `--suite ${target} --reference ${call.args[0]}`;
      const lines = [
        `${suggested.length} expectations are in ${target}, to be read and edited; hold data against them with ${use}.`,
      ];
      return { lines, json: suggested };
    }
    const reference = call.text('reference');
    const context = {
      metrics,
      distributions,
      ...(reference === undefined ? {} : { reference: profileTable(await readTable(reference, call.progress)) }),
    };
    // Whatever is not an expectation, the planner says so.
    const report = check(data, (await readJson(suite)) as readonly Expectation[], context);
    return { lines: [reportMarkdown(report)], json: report, exit: exitFor(report.verdict) };
  },
};

export const drift: Command = {
  summary: 'compares data with the data before',
  usage: '<reference data> <current data> [--alpha 0.05] [--columns a,b]',
  options: { alpha: { type: 'string' }, columns: { type: 'string' } },
  takes: [2, 2],
  async run(call) {
    const columns = call.text('columns')?.split(',');
    const reference = profileTable(await readTable(call.args[0]!, call.progress), { columns });
    const current = profileTable(await readTable(call.args[1]!, call.progress), { columns, reference });
    const found = compareProfiles(reference, current, { alpha: call.number('alpha') });
    const told = found.checks.filter(({ verdict }) => verdict !== 'noDrift').map(({ sentence }) => `- ${sentence}`);
    const verdict = found.verdict === 'drift' ? 'fail' : found.verdict === 'noDrift' ? 'pass' : 'insufficient';
    return { lines: [found.sentence, ...told], json: found, exit: exitFor(verdict) };
  },
};

export const evaluate: Command = {
  summary: 'compares the answers of two models, and judges them by a gate',
  usage:
    '<data> --truth <column> --champion <column> --challenger <column> [--slices a,b] [--policy <file>] [--attach <model@number>]',
  options: {
    truth: { type: 'string' },
    champion: { type: 'string' },
    challenger: { type: 'string' },
    slices: { type: 'string' },
    policy: { type: 'string' },
    attach: { type: 'string' },
  },
  takes: [1, 1],
  async run(call) {
    const data = await readTable(call.args[0]!, call.progress);
    const slices = (call.text('slices')?.split(',') ?? []).map((name) => [name, columnOf(data, name)] as const);
    const report = compare({
      truth: answers(call, data, 'truth'),
      champion: { name: call.text('champion'), ...answersOf(call, data, 'champion') },
      challenger: { name: call.text('attach') ?? call.text('challenger'), ...answersOf(call, data, 'challenger') },
      slices: Object.fromEntries(slices),
    });
    const rules = call.text('policy');
    const verdict = gate(report, rules === undefined ? undefined : ((await readJson(rules)) as GatePolicy));
    const version = call.text('attach');
    if (version !== undefined) await call.registry(({ models }) => models.attachEvidence(version, verdict));
    const answer: Answer = { lines: [toMarkdown(report, verdict)], json: verdict, exit: exitFor(verdict.verdict) };
    return answer;
  },
};

function answers(call: Call, data: Table, option: string) {
  return columnOf(data, call.text(option) ?? option);
}

/** Columns of whole numbers are labels, all others scores. */
function answersOf(call: Call, data: Table, option: string) {
  const column = answers(call, data, option);
  return column.type === 'f64' || column.type === 'f32' ? { scores: column } : { labels: column };
}

function exitFor(verdict: Verdict): 'ok' | 'no' | 'insufficient' {
  return verdict === 'pass' ? 'ok' : verdict === 'fail' ? 'no' : 'insufficient';
}
