import {
  calibrationOf,
  driftOf,
  ledgerOf,
  lineageOf,
  renderReport,
  reportOf,
  reviewsOf,
  rolloutOf,
  timelineOf,
  validationOf,
} from '@millwright/adapters/html-report';
import { lineageGraph } from '@millwright/core/lineage';
import { profileTable } from '@millwright/core/profile';
import { reviewProjection, reviewQueue } from '@millwright/core/review';
import { memoryStorage } from '@millwright/core/storage';
import { tableFrom } from '@millwright/core/table';
import { virtualClock } from '@millwright/core/testing';
import { expect as expectThat, validate } from '@millwright/core/validation';
import { createMonitor, logWindows } from '@millwright/drift';
import { openRegistry } from '@millwright/registry';
import { calibration } from '@millwright/registry/evaluation';
import { describe, expect, test } from 'vitest';

const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1);

async function factory() {
  const clock = virtualClock(START);
  const registry = await openRegistry(memoryStorage(), { actor: 'maria', clock });
  await registry.models.create('spam', { owner: 'mail', risk: 'limited', intendedUse: 'Sort mail.' });
  for (const file of ['one', 'two']) {
    const version = await registry.models.register('spam', {
      files: { 'model.bin': new TextEncoder().encode(file) },
      metrics: { auc: 0.7 },
    });
    await registry.models.moveAlias('spam', 'champion', version, { reason: `Number ${file}.` });
  }
  return { registry, clock };
}

describe('a whole registry', () => {
  test('is told by its ledger: versions, evidence, timeline, reviews, lineage, and that it verifies', async () => {
    const { registry, clock } = await factory();
    await registry.models.attachEvidence('spam@2', { kind: 'gate', verdict: 'fail', sentence: 'Worse on <nights>.' });
    await registry.models.rollBack('spam', 'champion', { reason: 'Complaints.' });
    await registry.datasets.add(
      'mail',
      { rowCount: 12, schema: {}, digest: `sha256:${'0'.repeat(64)}` as never },
      { layer: 'raw' },
    );
    const queue = await reviewQueue(registry.ledger, { clock });
    await queue.request({ subject: 'spam@2', question: 'Keep it?' });
    const model = await reportOf(registry, { title: 'Mail' });
    expect(model.facts).toContainEqual({ label: 'champion', value: 'spam@1' });
    expect(model.timeline!.map(({ kind }) => kind).slice(0, 6)).toEqual([
      'note',
      'model',
      'model',
      'promotion',
      'model',
      'promotion',
    ]);
    expect(model.timeline!.find(({ kind }) => kind === 'rollback')?.sentence).toContain('Complaints.');
    expect(model.tables!.map(({ title, rows }) => [title, rows.length])).toEqual([
      ['Versions', 2],
      ['Evidence', 1],
      ['Datasets', 1],
    ]);
    expect(model.reviews!.reviews).toHaveLength(1);
    expect(model.ledger).toMatchObject({ verified: true });
    const page = renderReport(model);
    expect(page).toContain('Worse on &lt;nights&gt;.');
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  test('drift is told as monitors kept it: of the one that spoke last, with the names of the others', async () => {
    const { registry, clock } = await factory();
    const table = (shift: number) => tableFrom({ x: Float64Array.from({ length: 2_000 }, (_, i) => (i % 97) + shift) });
    const reference = profileTable(table(0));
    for (const [name, days] of [
      ['letters', 2],
      ['parcels', 1],
    ] as const) {
      const monitor = createMonitor({ reference, name, window: { by: 'time', everyMs: DAY } });
      await using _ = logWindows(monitor, registry, { clock });
      for (let day = 0; day < days; day++) monitor.observe(table(50 * day), { time: day * DAY });
      monitor.advance(days * DAY);
    }
    const { drift } = await reportOf(registry);
    expect(drift).toMatchObject({ days: ['1970-01-01', '1970-01-02'], columns: [{ name: 'x' }] });
    expect(drift!.sentence).toMatch(
      /^letters: 2 windows; 1 of 1 columns raised an alarm .* Other monitors: parcels\.$/,
    );
    expect(renderReport(await reportOf(registry))).toContain('Other monitors: parcels.');
  });

  test('an empty one is a page as well', async () => {
    const registry = await openRegistry(memoryStorage(), { actor: 'maria' });
    const page = renderReport(await reportOf(registry));
    expect(page).toContain('A model factory');
    expect(page).not.toMatch(/undefined|NaN/);
  });
});

describe('a timeline', () => {
  const entry = (i: number, kind: string, sentence: string) => ({
    time: START + i,
    kind,
    actor: 'maria',
    sentence,
    eventIndex: i,
  });

  test('knows a rollback by who moved the alias back, not by what somebody wrote', () => {
    const kinds = timelineOf([
      entry(0, 'alias.moved', 'spam: champion rolled back from spam@2 to spam@1.'),
      entry(1, 'alias.moved', 'spam: champion moved to spam@3: it was rolled back before.'),
      entry(2, 'rollout.rollbackStarted', 'Rolled back.'),
      entry(3, 'something.new', 'What is that?'),
    ]).map(({ kind }) => kind);
    expect(kinds).toEqual(['rollback', 'promotion', 'rollback', 'note']);
  });

  test('that is too long loses its beginning, and says so', () => {
    const entries = Array.from({ length: 10 }, (_, i) => entry(i, 'run.started', `Run ${i}.`));
    const shown = timelineOf(entries, { most: 3 });
    expect(shown).toHaveLength(4);
    expect(shown[0]).toMatchObject({ kind: 'note', sentence: expect.stringContaining('7 earlier entries') });
    expect(shown[1]!.sentence).toBe('Run 7.');
    expect(timelineOf([])).toEqual([]);
  });
});

describe('a validation', () => {
  const table = tableFrom({ hour: Float64Array.of(1, 30.123456789, 5), origin: ['SFO', '<b>', 'SFO'] });
  const suite = [
    expectThat.column('hour').between(0, 23),
    expectThat.column('hour').notNull(),
    expectThat.column('origin').in(['SFO'], { severity: 'warning' }),
    expectThat.rowCount({ min: 1 }),
  ];

  test('stands by column, failures first, and does not name the column twice', () => {
    const section = validationOf(validate(table, suite), { title: 'June' });
    expect(section).toMatchObject({ verdict: 'fail', sentence: '2 of 4 expectations pass on 3 rows.' });
    expect(section.checks[0]).toMatchObject({ subject: 'hour', verdict: 'fail', samples: 'row 1: 30.1235' });
    expect(section.checks[1]).toMatchObject({ subject: 'hour', sentence: 'is never null.' });
    expect(section.checks[2]).toMatchObject({ warning: true });
    expect(section.checks[3]!.subject).toBe('the whole table');
    const page = renderReport({ title: 'x', validations: [section] });
    expect(page).toContain('fail <span class="detail">2</span>');
    expect(page).toContain('&lt;b&gt;');
  });

  test('without failures has nothing to filter', () => {
    const page = renderReport({ title: 'x', validations: [validationOf(validate(table, [suite[1]!]))] });
    expect(page).toContain('is never null');
    expect(page).not.toContain('<fieldset');
  });
});

describe('calibration', () => {
  test('has the bins that hold rows, each with its interval, and how far off it is', () => {
    const scores = Float64Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 0.1 : 0.9));
    const truth = Array.from(scores, (score, i) => (i % 10 < 2 ? 1 - Math.round(score) : Math.round(score)));
    const section = calibrationOf({ 'spam@1': calibration({ truth, scores }) }, { title: 'spam' });
    expect(section.sentence).toBe('On average over all rows, spam@1 is off by 10.00 percentage points.');
    expect(section.curves[0]!.bins.map(({ rows }) => rows)).toEqual([200, 200]);
    const [{ said, share }] = section.curves[0]!.bins as [(typeof section.curves)[0]['bins'][0]];
    expect(said).toBeCloseTo(0.1, 12);
    expect(share.value).toBeCloseTo(0.2, 12);
    expect(share.low).toBeLessThan(0.2);
    expect(renderReport({ title: 'x', calibrations: [section] })).toContain('Calibration of spam');
  });

  test('of scores that are no probabilities says why there is none', () => {
    const section = calibrationOf({ bad: calibration({ truth: [1], scores: Float64Array.of(7) }) });
    expect(section.sentence).toContain('which is no probability');
    expect(renderReport({ title: 'x', calibrations: [section] })).not.toMatch(/undefined|NaN/);
  });
});

describe('drift', () => {
  const rows = (shift: number) =>
    tableFrom({
      calm: Float64Array.from({ length: 2_000 }, (_, i) => i % 97),
      moving: Float64Array.from({ length: 2_000 }, (_, i) => (i % 101) + shift),
    });

  test('has every column in every window, the worst first, and joins equal decisions', () => {
    const monitor = createMonitor({ reference: profileTable(rows(0)), window: { by: 'time', everyMs: DAY } });
    const records = [0, 0, 80, 80].flatMap((shift, i) => [
      ...monitor.observe(rows(shift), { time: START + i * DAY }),
      ...monitor.advance(START + (i + 1) * DAY),
    ]);
    const section = driftOf(records);
    expect(section.days).toEqual(['2026-06-01', '2026-06-02', '2026-06-03', '2026-06-04']);
    expect(section.columns.map(({ name }) => name)).toEqual(['moving', 'calm']);
    expect(section.columns[0]!.scores.map((score) => score! >= 1)).toEqual([false, false, true, true]);
    expect(section.histograms!.map(({ title }) => title)).toEqual([expect.stringContaining('moving, 2026-06-0')]);
    expect(section.decisions).toEqual([
      { when: '2026-06-03 to 2026-06-04', action: 'escalate', sentence: records[2]!.trigger.sentence },
    ]);
    expect(section.sentence).toContain('4 windows; 1 of 2 columns');
    expect(renderReport({ title: 'x', drift: section })).not.toMatch(/undefined|NaN/);
  });

  test('of no window says so', () => {
    expect(driftOf([])).toMatchObject({ sentence: 'No window was judged.', days: [], columns: [] });
  });
});

test('a rollout shows its shares, the evidence at every look, its metrics and its end', () => {
  const look = (time: number, logE: number) => ({
    time,
    harm: { logE, limit: Math.log(40) },
    proof: { logE: -logE, limit: Math.log(20) },
    metrics: [{ metric: 'errors', harmLogE: logE, proofLogE: undefined, rows: [900, 100] as const }],
  });
  const section = rolloutOf(
    {
      shares: [
        { time: START, share: 0.05, epoch: 1 },
        { time: START + DAY, share: 0, epoch: 2 },
      ],
      evidence: [look(START, 0), look(START + DAY, 4)],
      moments: [
        { time: START, actor: 'maria', type: 'rollout.submitted', status: 'submitted', sentence: '' },
        {
          time: START + DAY,
          actor: 'node-1',
          type: 'rollout.rollbackStarted',
          status: 'rollingBack',
          sentence: 'Worse.',
        },
      ],
    },
    { title: 'spam@2' },
  );
  expect(section).toMatchObject({
    title: 'spam@2',
    sentence: 'Rolled back 1 d after its first exposure, from 5 % of the traffic at most.',
    end: { kind: 'rollback', time: START + DAY, sentence: 'Worse.' },
    metrics: [{ name: 'errors', championRows: 900, challengerRows: 100, harm: 4, proof: undefined }],
  });
  expect(section.share[0]).toMatchObject({ stage: '5 %' });
  expect(section.evidence!.map(({ threshold }) => threshold)).toEqual([Math.log(40), Math.log(20)]);
  expect(section.moments).toHaveLength(1);
  expect(renderReport({ title: 'x', rollouts: [section] })).not.toMatch(/undefined|NaN/);
  expect(rolloutOf({ shares: [], evidence: [], moments: [] }).sentence).toBe('Nothing is decided yet.');
});

test('a review log tells who decided what; an open blind review keeps its secrets', async () => {
  const { registry, clock } = await factory();
  const queue = await reviewQueue(registry.ledger, { clock });
  const ask = { choices: ['ham', 'spam'], recommendation: { choice: 'spam' } };
  await queue.request({ id: 'a', subject: 'mail 1', question: 'Which is it?', ...ask });
  const { claim } = (await queue.claim({ actor: 'ravi' }))!;
  await clock.advance(60_000);
  await queue.decide('a', { choice: 'ham', reason: 'A newsletter.', token: claim.token, actor: 'ravi' });
  await queue.request({ id: 'b', subject: 'mail 2', question: 'And this?', blind: true, ...ask });
  const section = reviewsOf(registry.ledger.state(reviewProjection));
  expect(section.sentence).toBe('2 asked, 1 closed; 100 % of the decisions went against the model.');
  expect(section.reviews[0]).toMatchObject({
    recommendation: 'spam',
    outcome: 'ham',
    decisions: [{ by: 'ravi', choice: 'ham', reason: 'A newsletter.' }],
  });
  expect(section.reviews[1]).not.toHaveProperty('recommendation');
  const page = renderReport({ title: 'x', reviews: section });
  expect(page).toContain('after 1 min');
  expect(page).toContain('still open');
});

test('lineage around some nodes leaves out the rest; a ledger that does not verify says where', () => {
  const node = (id: string) => ({ id, kind: 'dataset', label: id }) as const;
  const graph = lineageGraph(['a', 'b', 'c', 'x', 'y'].map(node), [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c' },
    { from: 'x', to: 'y' },
  ]);
  expect(lineageOf(graph).nodes).toHaveLength(5);
  expect(lineageOf(graph, { around: ['b', 'c'] })).toMatchObject({
    nodes: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    edges: [{ from: 'a' }, { from: 'b' }],
  });
  const head = { seq: 3, size: 9, root: `sha256:${'0'.repeat(64)}`, time: START } as const;
  const bad = ledgerOf({
    ok: false,
    head: head as never,
    commits: 3,
    events: 7,
    firstBad: { seq: 2, reason: 'its hash is another' },
  });
  expect(bad).toMatchObject({ verified: false, detail: 'commit 2: its hash is another' });
});
