import type { Abortable } from '@millwright/core';
import type { Contract } from '@millwright/core/contract';
import type { DatasetVersion } from '../dataset/index.js';
import type { AliasRecord, Evidence, ModelVersion } from '../model/index.js';
import type { ReferenceLike } from '../reference.js';
import type { Registry } from '../registry.js';
import type { RunRecord } from '../run/index.js';
import { page, toHtml } from './html.js';
import { cell, day, inline, list, prose } from './markdown.js';
import { figuresOf, limitsOf, type VersionFacts, versionFacts } from './version-facts.js';
import { toYaml, type YamlValue } from './yaml.js';

/** What the ledger does not know and a card may say. */
export interface ModelCardOptions extends Abortable {
  /** SPDX identifier, for the card's metadata. */
  readonly license?: string | undefined;
  /** Hugging Face task id, such as `tabular-classification`. */
  readonly task?: string | undefined;
  readonly language?: readonly string[] | undefined;
}

/**
 * The model card of a version as Markdown with Hugging Face metadata in front (hub-docs, `modelcard.md`). Every
 * statement comes from the ledger, with the index of the entry that says it; what the ledger does not know is named at the end.
 *
 * @throws `state/not-found`, `artifact/missing`
 */
export async function modelCard(
  registry: Registry,
  reference: ReferenceLike,
  options: ModelCardOptions = {},
): Promise<string> {
  const facts = await versionFacts(registry, reference, options);
  return `---\n${toYaml(metadata(facts, options))}---\n\n${body(facts)}`;
}

/** The same card as a page that stands alone. @throws as `modelCard` */
export async function modelCardHtml(
  registry: Registry,
  reference: ReferenceLike,
  options: ModelCardOptions = {},
): Promise<string> {
  const facts = await versionFacts(registry, reference, options);
  return page(facts.version.id, toHtml(body(facts)));
}

function metadata(facts: VersionFacts, options: ModelCardOptions): { readonly [key: string]: YamlValue | undefined } {
  const { version, model, datasets, files } = facts;
  const task = options.task ?? 'other';
  const dataset = datasets[0];
  const metrics = figuresOf(version);
  return {
    license: options.license,
    language: options.language,
    pipeline_tag: options.task,
    library_name: files.some((file) => file.path.endsWith('.onnx')) ? 'onnx' : undefined,
    tags: ['millwright', `risk:${model.risk}`, ...Object.entries(model.tags).map(([key, value]) => `${key}:${value}`)],
    datasets: [...new Set(datasets.map((d) => d.name))],
    metrics: [...new Set(metrics.map((m) => m.metric))],
    'model-index':
      metrics.length === 0
        ? undefined
        : [
            {
              name: version.id,
              results: [
                {
                  task: { type: task },
                  dataset: {
                    type: dataset?.name ?? 'unknown',
                    name: dataset?.id ?? 'unknown',
                    revision: dataset?.digest,
                  },
                  metrics: metrics.map((m) => ({
                    type: m.metric,
                    value: m.value,
                    name: m.slice === undefined ? m.metric : `${m.metric} (${m.slice})`,
                  })),
                },
              ],
            },
          ],
  };
}

function body(facts: VersionFacts): string {
  const { version, model, ledger } = facts;
  const sections: [string, string][] = [
    ['Intended use', prose(model.intendedUse)],
    ['Out of scope', prose(model.outOfScope)],
    ['Inputs and outputs', contractTable(facts.contract)],
    [
      'Files',
      list(facts.files.map((f) => `\`${inline(f.path)}\`, ${f.size.toLocaleString('en-US')} bytes, \`${f.digest}\``)),
    ],
    ['Data', dataTable(facts.datasets)],
    ['Training', training(facts.run)],
    ['Metrics', metricTable(version)],
    ['Evidence', list(version.evidence.map(evidenceLine))],
    ['Limits', list(limitsOf(version).map(inline))],
    [
      'Approvals',
      list(
        version.approvals.map((a) => `${a.by} as ${a.role}, ${day(a.time)}: ${inline(a.reason)} (#${a.eventIndex})`),
      ),
    ],
    ['Use', list(facts.moves.map((move) => moveLine(move, version.id)))],
    ['Lineage', list(facts.sources.map((node) => `\`${inline(node.label)}\``))],
  ];
  const known = sections.filter(([, text]) => text.trim() !== '');
  const unknown = sections.filter(([, text]) => text.trim() === '').map(([title]) => title);
  return [
    `# ${version.id}\n`,
    `${inline(version.description || model.description || `A version of ${model.name}.`)}\n`,
    `| | |\n|---|---|`,
    row('Owner', model.owner),
    row('Risk class', model.risk),
    row('Stage', `${version.stage}${version.aliases.length > 0 ? ` as ${version.aliases.join(', ')}` : ''}`),
    row('Registered', `${day(version.registeredAt)} by ${version.registeredBy} (#${version.eventIndex})`),
    row('Artifact', `${version.artifact} (${version.size.toLocaleString('en-US')} bytes)`),
    ...known.map(([title, text]) => `\n## ${title}\n\n${text.trim()}`),
    ...(unknown.length === 0 ? [] : [`\n## Not in the ledger\n\n${list(unknown)}`]),
    `\n---\nGenerated from ledger ${ledger.id} at ${ledger.size} entries, root \`${ledger.root}\`. Numbers with # are entries that can be proved.\n`,
  ].join('\n');
}

function contractTable(contract: Contract | undefined): string {
  if (contract === undefined) return '';
  const rows = (direction: string, fields: Contract['inputs']) =>
    Object.entries(fields).map(([name, field]) => {
      const range = field.min === undefined && field.max === undefined ? '' : ` ${field.min ?? ''}..${field.max ?? ''}`;
      return `| ${direction} | \`${cell(name)}\` | ${field.type}${range} | ${cell(field.unit ?? '')} | ${field.nullable === true ? 'yes' : ''} |`;
    });
  return [
    '| | field | type | unit | may be missing |',
    '|---|---|---|---|---|',
    ...rows('in', contract.inputs),
    ...rows('out', contract.outputs),
  ].join('\n');
}

function dataTable(datasets: readonly DatasetVersion[]): string {
  if (datasets.length === 0) return '';
  const rows = datasets.map((d) => {
    const span = d.sourceTimes === undefined ? '' : `${day(d.sourceTimes.from)} to ${day(d.sourceTimes.until)}`;
    return `| \`${d.id}\` | ${d.layer} | ${d.rowCount?.toLocaleString('en-US') ?? ''} | ${span} | ${d.validation?.verdict ?? ''} | #${d.eventIndex} |`;
  });
  return ['| dataset | layer | rows | speaks about | validation | entry |', '|---|---|---:|---|---|---|', ...rows].join(
    '\n',
  );
}

function training(run: RunRecord | undefined): string {
  if (run === undefined) return '';
  return list([
    `Run \`${run.id}\`, ${run.status}, started ${day(run.startedAt)} by ${run.startedBy} (#${run.eventIndex})`,
    ...(run.code === '' ? [] : [`Code: \`${inline(run.code)}\``]),
    ...(run.seeds.length === 0 ? [] : [`Seeds: ${run.seeds.join(', ')}`]),
    ...Object.entries(run.parameters).map(([key, value]) => `${inline(key)}: \`${inline(JSON.stringify(value))}\``),
  ]);
}

function metricTable(version: ModelVersion): string {
  const figures = figuresOf(version);
  if (figures.length === 0) return '';
  const rows = figures.map(
    (m) =>
      `| ${cell(m.metric)} | ${cell(m.slice ?? 'all')} | ${Number(m.value.toPrecision(6))} | ${m.rows?.toLocaleString('en-US') ?? ''} |`,
  );
  return ['| metric | slice | value | rows |', '|---|---|---:|---:|', ...rows].join('\n');
}

function evidenceLine(e: Evidence): string {
  const said = e.sentence === '' ? '' : `: ${inline(e.sentence)}`;
  return `**${e.kind}** ${e.verdict}, ${day(e.time)} by ${e.by}${said} (#${e.eventIndex}, \`${e.digest}\`)`;
}

function moveLine(move: AliasRecord, id: string): string {
  const verb = move.kind === 'rollback' ? 'rolled back' : move.kind === 'removal' ? 'removed' : 'moved';
  const where = move.version === id ? ' here' : move.version === undefined ? '' : ` away to ${move.version}`;
  const override = move.breakGlass ? ', overriding the policy' : '';
  return `${day(move.time)}: \`${move.alias}\` ${verb}${where} by ${move.by}${override}: ${inline(move.reason)} (#${move.eventIndex})`;
}

function row(key: string, value: string): string {
  return `| ${key} | ${cell(value)} |`;
}
