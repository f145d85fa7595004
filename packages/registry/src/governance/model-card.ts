import type { Abortable } from '@millwright/core';
import { type ManifestFile, openArtifact } from '@millwright/core/artifact';
import type { Contract } from '@millwright/core/contract';
import { ancestors } from '@millwright/core/lineage';
import type { DatasetVersion } from '../dataset/index.js';
import type { AliasRecord, Evidence, EvidenceMetric, ModelVersion, RegisteredModel } from '../model/index.js';
import type { ReferenceLike } from '../reference.js';
import type { Registry } from '../registry.js';
import type { RunRecord } from '../run/index.js';
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
  const facts = await cardFacts(registry, reference, options);
  return `---\n${toYaml(metadata(facts, options))}---\n\n${body(facts)}`;
}

interface CardFacts {
  readonly version: ModelVersion;
  readonly model: RegisteredModel;
  readonly contract: Contract | undefined;
  readonly files: readonly ManifestFile[];
  readonly datasets: readonly DatasetVersion[];
  readonly run: RunRecord | undefined;
  readonly sources: readonly string[];
  readonly moves: readonly AliasRecord[];
  readonly ledger: { readonly id: string; readonly size: number; readonly root: string };
}

async function cardFacts(registry: Registry, reference: ReferenceLike, options: Abortable): Promise<CardFacts> {
  const version = registry.models.version(reference);
  const model = registry.models.get(version.model);
  const nodes = ancestors(registry.lineage, version.node);
  const datasets = nodes
    .filter((node) => node.kind === 'dataset')
    .map((node) => registry.datasets.find(node.id.slice('dataset:'.length)))
    .filter((dataset): dataset is DatasetVersion => dataset !== undefined);
  const { manifest } = await openArtifact(registry.blobs, version.artifact, options);
  const { size, root } = registry.ledger.head;
  return {
    version,
    model,
    contract: await registry.models.contract(version, options),
    files: manifest.files,
    datasets,
    run: version.madeBy === undefined ? undefined : registry.runs.find(version.madeBy),
    sources: nodes.map((node) => node.label),
    moves: registry.models.movesOf(version),
    ledger: { id: registry.ledger.id, size, root },
  };
}

function metadata(facts: CardFacts, options: ModelCardOptions): { readonly [key: string]: YamlValue | undefined } {
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

/** What evidence states, the newest word on each figure, and the metrics of the registration where no evidence speaks. */
function figuresOf(version: ModelVersion): readonly EvidenceMetric[] {
  const figures = new Map<string, EvidenceMetric>();
  for (const [metric, value] of Object.entries(version.metrics)) figures.set(`${metric}\n`, { metric, value });
  for (const { metrics } of version.evidence) for (const m of metrics) figures.set(`${m.metric}\n${m.slice ?? ''}`, m);
  return [...figures.values()];
}

function body(facts: CardFacts): string {
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
    ['Limits', list(limits(version))],
    [
      'Approvals',
      list(
        version.approvals.map((a) => `${a.by} as ${a.role}, ${day(a.time)}: ${inline(a.reason)} (#${a.eventIndex})`),
      ),
    ],
    ['Use', list(facts.moves.map((move) => moveLine(move, version.id)))],
    ['Lineage', list(facts.sources.map((label) => `\`${inline(label)}\``))],
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

/** The newest evidence of each kind that does not pass: what is known to be weak, and what is not known. */
function limits(version: ModelVersion): readonly string[] {
  const newest = new Map(version.evidence.map((e) => [e.kind, e]));
  return [...newest.values()]
    .filter((e) => e.verdict !== 'pass')
    .map(
      (e) =>
        `${e.kind} ${e.verdict === 'fail' ? 'fails' : 'is undecided'}${e.sentence === '' ? '' : `: ${inline(e.sentence)}`}`,
    );
}

function moveLine(move: AliasRecord, id: string): string {
  const verb = move.kind === 'rollback' ? 'rolled back' : move.kind === 'removal' ? 'removed' : 'moved';
  const where = move.version === id ? ' here' : move.version === undefined ? '' : ` away to ${move.version}`;
  const override = move.breakGlass ? ', overriding the policy' : '';
  return `${day(move.time)}: \`${move.alias}\` ${verb}${where} by ${move.by}${override}: ${inline(move.reason)} (#${move.eventIndex})`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function row(key: string, value: string): string {
  return `| ${key} | ${cell(value)} |`;
}

/** Text of people, without a chance to become markup or a heading of its own. */
function prose(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => inline(paragraph))
    .join('\n\n');
}

function inline(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[<>`]/g, (c) => ENTITIES[c]!)
    .replace(/^[#>|-]/, '\\$&');
}

function cell(text: string): string {
  return inline(text).replace(/\|/g, '\\|');
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '`': "'" };

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
