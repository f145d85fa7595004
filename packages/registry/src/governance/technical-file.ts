import type { Abortable } from '@millwright/core';
import type { ReferenceLike } from '../reference.js';
import type { Registry } from '../registry.js';
import { day, inline, list } from './markdown.js';
import { figuresOf, limitsOf, type VersionFacts, versionFacts } from './version-facts.js';

/** A skeleton of the technical documentation that Annex IV of Regulation (EU) 2024/1689 lists. It is no claim of compliance. */
export interface TechnicalFile {
  readonly fields: readonly TechnicalField[];
  /** Share of fields that say something. */
  readonly coverage: number;
  /** Ids of the fields that say nothing yet. */
  readonly empty: readonly string[];
  toMarkdown(): string;
}

/** One point of the technical documentation, with its text and where that comes from. */
export interface TechnicalField {
  /** Point of Annex IV: `2(g)`. */
  readonly id: string;
  readonly title: string;
  /** Undefined when neither the ledger nor the answers have anything to say. */
  readonly text: string | undefined;
  readonly source: 'ledger' | 'answer' | 'none';
}

/** What people add to what the ledger says. */
export interface TechnicalFileOptions extends Abortable {
  /** What people must write themselves, by field id; it comes after what the ledger says. */
  readonly answers?: Readonly<Record<string, string>> | undefined;
}

/** Fills the skeleton from the ledger and names every field that stays empty. @throws `state/not-found`, `artifact/missing` */
export async function technicalFile(
  registry: Registry,
  reference: ReferenceLike,
  options: TechnicalFileOptions = {},
): Promise<TechnicalFile> {
  const facts = await versionFacts(registry, reference, options);
  const fields = FIELDS.map(([id, title, write]): TechnicalField => {
    const known = write?.(facts).filter((line) => line !== '') ?? [];
    const answer = options.answers?.[id];
    const lines = answer === undefined ? known : [...known, answer];
    const source = known.length > 0 ? 'ledger' : answer === undefined ? 'none' : 'answer';
    return { id, title, text: lines.length === 0 ? undefined : list(lines.map(inline)), source };
  });
  const empty = fields.filter((field) => field.text === undefined).map((field) => field.id);
  return {
    fields,
    coverage: (fields.length - empty.length) / fields.length,
    empty,
    toMarkdown: () => markdown(facts, fields, empty),
  };
}

type Write = (facts: VersionFacts) => readonly string[];

/** The points of Annex IV, and what the ledger knows about each. */
const FIELDS: readonly (readonly [string, string, Write?])[] = [
  ['1(a)', 'Intended purpose, provider, version and its relation to earlier ones', general],
  ['1(b)', 'Interaction with hardware and software that is not part of the system', interfaces],
  ['1(c)', 'Versions of relevant software', (f) => record(f.run?.environment)],
  [
    '1(d)',
    'Forms in which it is placed on the market',
    (f) => f.files.map((file) => `${file.path}, ${file.size} bytes, ${file.digest}`),
  ],
  ['1(e)', 'Hardware on which it is intended to run'],
  ['1(f)', 'Photographs or illustrations of products that it is part of'],
  ['1(g)', 'User interface provided to the deployer'],
  ['1(h)', 'Instructions for use'],
  ['2(a)', 'Methods and steps of development, third-party and pre-trained parts', development],
  ['2(b)', 'Design specifications, logic and key choices', (f) => record(f.run?.parameters)],
  ['2(c)', 'System architecture and computational resources', resources],
  ['2(d)', 'Data: provenance, scope, characteristics, labelling, cleaning', data],
  ['2(e)', 'Human oversight measures', oversight],
  ['2(f)', 'Pre-determined changes and how compliance is kept', rules],
  ['2(g)', 'Validation and testing: procedures, data, metrics, dated and signed reports', testing],
  [
    '2(h)',
    'Cybersecurity measures',
    (f) => [
      `Files are verified against artifact ${f.version.artifact} whenever they are loaded.`,
      `History is an append-only Merkle log: root ${f.ledger.root} over ${f.ledger.size} entries.`,
    ],
  ],
  ['3', 'Monitoring, functioning and control: capabilities, limits, accuracy for groups', limits],
  [
    '4',
    'Appropriateness of the performance metrics',
    (f) =>
      f.policy?.gate === undefined
        ? []
        : [`The gate's rules: ${JSON.stringify(f.policy.gate)} (policy ${f.policy.digest}, #${f.policy.eventIndex})`],
  ],
  [
    '5',
    'Risk management system',
    (f) =>
      f.model.risk === ''
        ? []
        : [
            `Risk class: ${f.model.risk}.`,
            f.model.outOfScope === '' ? '' : `Not to be used for: ${f.model.outOfScope}`,
          ],
  ],
  [
    '6',
    'Relevant changes through the lifecycle',
    (f) =>
      f.moves.map(
        (m) =>
          `${day(m.time)}: ${m.alias} from ${m.from ?? 'nothing'} to ${m.version ?? 'nothing'} by ${m.by}: ${m.reason} (#${m.eventIndex})`,
      ),
  ],
  ['7', 'Harmonised standards applied'],
  ['8', 'EU declaration of conformity'],
  ['9', 'Post-market monitoring plan'],
];

function general({ version, model }: VersionFacts): readonly string[] {
  return [
    model.intendedUse,
    `Provided by ${model.owner}.`,
    `Version ${version.number} of ${model.versions}, registered ${day(version.registeredAt)} by ${version.registeredBy} (#${version.eventIndex})${version.number > 1 ? `, after ${model.name}@${version.number - 1}` : ''}.`,
  ];
}

function interfaces({ contract }: VersionFacts): readonly string[] {
  if (contract === undefined) return [];
  const names = (fields: object) => Object.keys(fields).join(', ');
  return [
    `Called with ${names(contract.inputs)}; answers with ${names(contract.outputs)} (contract ${contract.digest}).`,
  ];
}

/** What the run says it took. */
function resources({ run }: VersionFacts): readonly string[] {
  if (run?.finishedAt === undefined) return [];
  const on = record(run.environment).join(', ');
  const seconds = ((run.finishedAt - run.startedAt) / 1_000).toLocaleString('en-US');
  return [`Run ${run.id} took ${seconds} seconds${on === '' ? '' : ` on ${on}`} (#${run.eventIndex}).`];
}

function development({ run, sources }: VersionFacts): readonly string[] {
  if (run === undefined) return [];
  return [
    `Run ${run.id} (${run.status}), started ${day(run.startedAt)} by ${run.startedBy}${run.code === '' ? '' : `, code ${run.code}`}${run.seeds.length === 0 ? '' : `, seeds ${run.seeds.join(', ')}`} (#${run.eventIndex}).`,
    sources.length === 0 ? '' : `Made from: ${sources.map((node) => node.label).join(', ')}.`,
  ];
}

function data({ datasets }: VersionFacts): readonly string[] {
  return datasets.map((d) => {
    const span = d.sourceTimes === undefined ? '' : `, ${day(d.sourceTimes.from)} to ${day(d.sourceTimes.until)}`;
    const checked = d.validation === undefined ? '' : `, validation: ${d.validation.verdict}`;
    const tools = record(d.madeWith).join(', ');
    const origin = d.origin === '' ? '' : `, from ${d.origin}`;
    return `${d.id} (${d.layer}${origin}${d.rowCount === undefined ? '' : `, ${d.rowCount} rows`}${span}${checked}${tools === '' ? '' : `; ${tools}`}), ${d.digest} (#${d.eventIndex}). ${d.description}`;
  });
}

function oversight({ version, policy }: VersionFacts): readonly string[] {
  const asked = Object.entries(policy?.aliases ?? {}).flatMap(([alias, rules]) =>
    (rules.approvals ?? []).map((a) => `${alias} needs ${a.count ?? 1} approval(s) in the role ${a.role}.`),
  );
  return [
    ...asked,
    ...version.approvals.map((a) => `${day(a.time)}: ${a.by} approved as ${a.role}: ${a.reason} (#${a.eventIndex})`),
  ];
}

function rules({ policy }: VersionFacts): readonly string[] {
  if (policy === undefined) return [];
  const where = `(policy ${policy.digest}, #${policy.eventIndex})`;
  return Object.entries(policy.aliases).flatMap(([alias, { plan, ...rule }]) => [
    `${alias} moves only under: ${JSON.stringify(rule)} ${where}.`,
    plan === undefined
      ? ''
      : `${alias} may change its ${plan.changes.join(', ')} without approval, within ${JSON.stringify(plan.within)}${plan.until === undefined ? '' : `, until ${day(plan.until)}`} ${where}.`,
  ]);
}

function testing({ version }: VersionFacts): readonly string[] {
  return version.evidence.map(
    (e) => `${day(e.time)}, ${e.by}: ${e.kind} ${e.verdict}. ${e.sentence} Report ${e.digest} (#${e.eventIndex})`,
  );
}

function limits({ version, contract }: VersionFacts): readonly string[] {
  const groups = figuresOf(version)
    .filter((m) => m.slice !== undefined)
    .map((m) => `${m.metric} on ${m.slice}: ${m.value}${m.rows === undefined ? '' : ` (${m.rows} rows)`}`);
  const inputs = contract === undefined ? [] : [`Inputs are held to contract ${contract.digest}.`];
  return [...limitsOf(version), ...groups, ...inputs];
}

function record(values: object | undefined): readonly string[] {
  return Object.entries(values ?? {}).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}

function markdown(facts: VersionFacts, fields: readonly TechnicalField[], empty: readonly string[]): string {
  const { version, ledger } = facts;
  return [
    `# Technical file of ${version.id}`,
    `A skeleton after Annex IV of Regulation (EU) 2024/1689, filled from ledger ${ledger.id} at ${ledger.size} entries (root ${ledger.root}). It does not claim compliance.`,
    `${fields.length - empty.length} of ${fields.length} fields say something. Empty: ${empty.length === 0 ? 'none' : empty.join(', ')}.`,
    ...fields.map((field) => `## ${field.id} ${field.title}\n\n${field.text ?? '*Empty.*'}`),
    '',
  ].join('\n\n');
}
