/**
 * The questions that people ask a registry of 1,000 models and 100,000 versions, answered by the fold in memory and by
 * PostgreSQL with the tables and indexes that one would make for them, on the same rows; both warm, the answers compared.
 * `npm run bench -- search`, or `npx tsx --conditions=@millwright/source packages/registry/bench/search.bench.ts [versions]`
 */
import { digestBytes, encodeUtf8, seededRandom } from '@millwright/core';
import type { NewEvent } from '@millwright/core/ledger';
import { memoryStorage } from '@millwright/core/storage';
import pg from 'pg';
import { postgresMissing, startPostgres } from '../../../test/services/postgres.js';
import {
  type ModelVersion,
  openRegistry,
  type Page,
  type VersionFilter,
  type VersionPageOptions,
} from '../src/index.js';

const VERSIONS = Number(process.argv[2] ?? 100_000);
const MODELS = 1_000;
const TIMES = 1_000;
const random = seededRandom(1);
const digest = digestBytes(encodeUtf8('weights'));

interface Row {
  readonly model: number;
  readonly number: number;
  readonly auc: number;
  readonly team: number;
  readonly reviewed: boolean;
  readonly registeredBy: number;
}

const rows = Array.from({ length: VERSIONS }, (_, i): Row => {
  const pick = (n: number) => Math.floor(random.next() * n);
  const number = Math.floor(i / MODELS) + 1;
  return {
    model: i % MODELS,
    number,
    auc: pick(1e6) / 1e6,
    team: pick(20),
    reviewed: pick(10) > 0,
    registeredBy: pick(50),
  };
});

const registry = await openRegistry(memoryStorage(), { actor: 'bench' });
const commit = (events: readonly NewEvent[], actor: string) =>
  registry.ledger.commit(() => ({ events, result: undefined }), { actor });
for (let m = 0; m < MODELS; m += 100)
  await commit(
    Array.from({ length: 100 }, (_, i) => ({
      type: 'model.created',
      data: { name: `model-${m + i}`, owner: `owner-${(m + i) % 40}`, risk: 'limited', intendedUse: '' },
    })),
    'bench',
  );
for (const { model, number, auc, team, reviewed, registeredBy } of rows)
  void commit(
    [
      {
        type: 'version.registered',
        data: {
          ...{ model: `model-${model}`, number, artifact: digest, size: 1_000, metrics: { auc } },
          tags: { team: `team-${team}`, ...(reviewed ? { reviewed: 'yes' } : {}) },
        },
      },
    ],
    `actor-${registeredBy}`,
  );
for (let m = 0; m < MODELS; m++)
  await registry.models.moveAlias(`model-${m}`, 'champion', `model-${m}@${1 + (m % 50)}`, { reason: 'bench' });
if (registry.ignored().length > 0) throw new Error(JSON.stringify(registry.ignored()[0]));

const missing = postgresMissing('npm');
if (missing !== undefined) throw new Error(missing);
const server = await startPostgres('npm');
const client = new pg.Client(server.url);
await client.connect();
await client.query(`
  create table model (id int primary key, name text unique, owner text);
  create table version (seq serial primary key, model int references model, number int, auc float8, registered_by text, unique (model, number));
  create table tag (version int references version, key text, value text, primary key (key, value, version));
  create table alias (model int references model, name text, version int references version, primary key (name, model));
  create index on model (owner); create index on version (auc, seq); create index on version (registered_by, seq);
  create index on tag (version, key, value); create index on alias (version);
`);
const names = rows.map((row) => `model-${row.model}@${row.number}`);
await client.query('insert into model select i, $1 || i, $2 || (i % 40) from generate_series(0, $3) i', [
  'model-',
  'owner-',
  MODELS - 1,
]);
await client.query(
  'insert into version (model, number, auc, registered_by) select * from unnest($1::int[], $2::int[], $3::float8[], $4::text[])',
  [
    rows.map((r) => r.model),
    rows.map((r) => r.number),
    rows.map((r) => r.auc),
    rows.map((r) => `actor-${r.registeredBy}`),
  ],
);
await client.query(
  'insert into tag select i + 1, $1, t from unnest($2::text[]) with ordinality as x(t, i0), lateral (select (i0 - 1)::int as i) y',
  ['team', rows.map((r) => `team-${r.team}`)],
);
await client.query(`insert into tag select i::int, 'reviewed', 'yes' from unnest($1::int[]) i`, [
  rows.flatMap((r, i) => (r.reviewed ? [i + 1] : [])),
]);
await client.query(
  `insert into alias select m.id, 'champion', v.seq from model m join version v on v.model = m.id and v.number = 1 + m.id % 50`,
);
await client.query('analyze');

const has = (key: string, value: string) =>
  `exists (select 1 from tag t where t.version = v.seq and t.key = '${key}' and t.value = '${value}')`;
const newest = (where: string) =>
  `select m.name || '@' || v.number id from version v join model m on m.id = v.model where ${where} order by v.seq desc limit 100`;
const questions: readonly [string, VersionFilter, VersionPageOptions, string][] = [
  ['newest of all', {}, {}, newest('true')],
  ['of a model', { model: 'model-77' }, {}, newest(`m.name = 'model-77'`)],
  ['of an owner', { owner: 'owner-7' }, {}, newest(`m.owner = 'owner-7'`)],
  ['with a tag', { tags: { team: 'team-7' } }, {}, newest(has('team', 'team-7'))],
  [
    'tag and range of a metric',
    { tags: { team: 'team-7' }, metrics: { auc: { atLeast: 0.9 } } },
    {},
    newest(`${has('team', 'team-7')} and v.auc >= 0.9`),
  ],
  [
    'range of a metric',
    { metrics: { auc: { atLeast: 0.5, atMost: 0.501 } } },
    {},
    newest('v.auc between 0.5 and 0.501'),
  ],
  [
    'owner, two tags, registrant',
    { owner: 'owner-7', registeredBy: 'actor-3', tags: { team: 'team-7', reviewed: 'yes' } },
    {},
    newest(
      `m.owner = 'owner-7' and v.registered_by = 'actor-3' and ${has('team', 'team-7')} and ${has('reviewed', 'yes')}`,
    ),
  ],
  [
    'champions',
    { alias: 'champion' },
    {},
    newest(`exists (select 1 from alias a where a.version = v.seq and a.name = 'champion')`),
  ],
  [
    'best by a metric',
    {},
    { order: { metric: 'auc', first: 'highest' } },
    newest('true').replace('v.seq desc', 'v.auc desc, v.seq desc'),
  ],
  [
    'best of an owner',
    { owner: 'owner-7' },
    { order: { metric: 'auc', first: 'highest' } },
    newest(`m.owner = 'owner-7'`).replace('v.seq desc', 'v.auc desc, v.seq desc'),
  ],
];

const table: Record<string, string>[] = [];
for (const [what, filter, options, sql] of questions) {
  const ours = await time(() => registry.models.search(filter, options));
  const theirs = await time(() => client.query<{ id: string }>({ name: what, text: sql }));
  const [a, b] = [(ours.last as Page<ModelVersion>).items.map((v) => v.id), theirs.last.rows.map((row) => row.id)];
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`${what}: ${a.slice(0, 3)} and ${b.slice(0, 3)}`);
  table.push({
    question: what,
    found: String(a.length),
    'p50 ms': ours.p50,
    'p99 ms': ours.p99,
    'SQL p50 ms': theirs.p50,
    'SQL p99 ms': theirs.p99,
  });
}
console.log(
  `${names.length} versions, pages of 100, ${TIMES} times each, warm; ${server.version} on loopback, prepared statements`,
);
console.table(table);
await client.end();
await server.stop();

async function time<T>(ask: () => T | Promise<T>) {
  let last = await ask();
  for (let i = 0; i < 50; i++) last = await ask();
  const taken: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const start = performance.now();
    last = await ask();
    taken.push(performance.now() - start);
  }
  taken.sort((x, y) => x - y);
  return { last, p50: taken[TIMES / 2]!.toFixed(3), p99: taken[Math.floor(TIMES * 0.99)]!.toFixed(3) };
}
