import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, runCli } from '@millwright/adapters/cli';
import { folder } from '@millwright/adapters/fs';
import { profileTable } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { createMonitor, logWindows } from '@millwright/drift';
import { openRegistry } from '@millwright/registry';
import { createEndpoint } from '@millwright/serving';
import { defineRollout, startRollout } from '@millwright/serving/rollout';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'millwright-cli-'));
});
afterEach(() => rm(place, { recursive: true }));

/** One command in the test's folder: its exit code and what it printed. */
function millwright(...argv: readonly string[]) {
  return during(() => Promise.resolve(), ...argv);
}

/** The same for a command that goes on until `stopped`, which is given what has been printed so far. */
async function during(stopped: (out: string) => Promise<void>, ...argv: readonly string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const exit = await runCli(argv, {
    store: join(place, 'factory'),
    actor: 'maria',
    out: (text) => out.push(text),
    error: (text) => errors.push(text),
    stopped: () => stopped(out.join('\n')),
    progress() {},
  });
  return { exit, out: out.join('\n'), errors: errors.join('\n'), json: () => JSON.parse(out.join('\n')) };
}

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(place, name), content);
  return join(place, name);
}

function rows(count: number, row: (i: number) => object): string {
  return Array.from({ length: count }, (_, i) => JSON.stringify(row(i))).join('\n');
}

describe('the command line', () => {
  test('a model from its first version to a rollback', async () => {
    expect((await millwright('init', 'spam', '--owner', 'mail')).out).toBe('spam belongs to mail.');
    await mkdir(join(place, 'model', 'vocabulary'), { recursive: true });
    await file('model/weights.bin', 'first');
    await file('model/vocabulary/words.txt', 'buy now');
    const first = await millwright('register', 'spam', join(place, 'model'), '--metric', 'auc=0.71,loss=0.4', '--json');
    expect(first.json()).toMatchObject({ id: 'spam@1', metrics: { auc: 0.71, loss: 0.4 }, registeredBy: 'maria' });
    await file('model/weights.bin', 'second');
    expect((await millwright('register', 'spam', join(place, 'model'))).out).toMatch(/^spam@2: 2 files, sha256:/);

    expect((await millwright('promote', 'spam@1', '--reason', 'The first.')).exit).toBe(EXIT.ok);
    expect((await millwright('promote', 'spam@2', '--reason', 'The second.', '--actor', 'ravi')).out).toBe(
      'spam champion is spam@2 now, by ravi: The second.',
    );
    expect((await millwright('rollback', 'spam', '--reason', 'Complaints.')).exit).toBe(EXIT.ok);
    const { out } = await millwright('history', 'spam');
    expect(out.split('\n').map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, 'then'))).toEqual([
      'version  since             by     reason',
      'spam@1   then  maria  The first.',
      'spam@2   then  ravi   The second.',
      'spam@1   then  maria  Complaints.',
    ]);
    expect((await millwright('models')).out).toContain('champion = spam@1');
    expect((await millwright('rollout', 'spam')).out).toBe('spam has never been rolled out.');
    expect((await millwright('gc', '--json')).json()).toMatchObject({ dryRun: true, swept: [] });
    const report = join(place, 'report.html');
    expect((await millwright('report', '--out', report)).exit).toBe(EXIT.ok);
    expect(await readFile(report, 'utf8')).toContain('Complaints.');
  });

  test('a rollout that another process runs is looked at, paused and killed', async () => {
    await using registry = await openRegistry(folder(join(place, 'factory')), { actor: 'service' });
    for (const limit of [1, 2]) {
      const files = { 'rule.json': new TextEncoder().encode(String(limit)) };
      await registry.models.register('spam', { files, owner: 'mail' });
    }
    await registry.models.moveAlias('spam', 'champion', 'spam@1', { reason: 'The first.' });
    await using endpoint = await createEndpoint({
      model: registry.alias('spam', 'champion'),
      predictor: async () => ({ predict: async () => 0 }),
    });
    const plan = defineRollout({
      challenger: 'spam@2',
      stages: ['50%'],
      metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.1 } }],
    });
    await using rollout = await startRollout(registry, endpoint, plan);
    expect((await millwright('rollout', 'spam')).out).toMatch(/^spam@2 against spam@1: holding, stage 1 of 1/);
    expect(await millwright('rollout', 'spam', 'kill')).toMatchObject({ exit: EXIT.usage });
    expect(await millwright('rollout', 'spam', 'stop', '--reason', 'x')).toMatchObject({ exit: EXIT.usage });
    expect((await millwright('rollout', 'spam', 'pause', '--reason', 'Lunch.')).out).toMatch(/paused.*\nLunch\.$/);
    const early = await millwright('rollout', 'spam', 'approve', '--reason', 'x');
    expect(early).toMatchObject({ exit: EXIT.refused });
    expect((await millwright('rollout', 'spam', 'kill', '--reason', 'Smoke.', '--json')).json()).toMatchObject({
      killed: true,
    });
    expect(await rollout.tick()).toMatchObject({
      status: 'rolledBack',
      cause: { cause: 'killed', sentence: 'Smoke.' },
    });
  });

  test('a ledger whose bytes were changed does not verify', async () => {
    await millwright('init', 'spam', '--owner', 'mail');
    expect(await millwright('verify')).toMatchObject({ exit: EXIT.ok, out: expect.stringContaining('verify.') });
    const all = await readdir(join(place, 'factory'), { recursive: true, withFileTypes: true });
    for (const entry of all.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const bytes = await readFile(path, 'latin1');
      if (bytes.includes('mail')) await writeFile(path, bytes.replace('mail', 'evil'), 'latin1');
    }
    const after = await millwright('verify');
    expect([EXIT.no, EXIT.failed]).toContain(after.exit);
    expect(after.out + after.errors).toMatch(/does not verify|ledger\/corrupt/);
  });

  test('data: a suite is suggested, kept, and broken', async () => {
    const good = await file(
      'good.ndjson',
      rows(200, (i) => ({ hour: i % 24, origin: ['MCI', 'ATL'][i % 2] })),
    );
    const bad = await file(
      'bad.ndjson',
      rows(200, (i) => ({ hour: i % 24, origin: ['MCI', 'XXX', null][i % 3] })),
    );
    const suite = join(place, 'suite.json');
    expect((await millwright('validate', good, '--suggest', suite)).exit).toBe(EXIT.ok);
    const kept = await millwright('validate', good, '--suite', suite, '--reference', good);
    expect(kept).toMatchObject({ exit: EXIT.ok, errors: '' });
    // The suite has distributions, which need something to be compared with.
    expect((await millwright('validate', good, '--suite', suite)).exit).toBe(EXIT.usage);
    const failed = await millwright('validate', bad, '--suite', suite, '--reference', good, '--json');
    expect(failed.exit).toBe(EXIT.no);
    expect(failed.json()).toMatchObject({ verdict: 'fail' });
    expect((await millwright('validate', good, '--suite', await file('no.json', '{'))).exit).toBe(EXIT.usage);
  });

  test('drift: none in the same data, some in other data, no answer from few rows', async () => {
    const data = (name: string, count: number, shift: number) =>
      file(
        name,
        rows(count, (i) => ({ x: ((i * 7919) % 1000) / 1000 + shift })),
      );
    const before = await data('before.ndjson', 5_000, 0);
    expect((await millwright('drift', before, await data('same.ndjson', 5_000, 0))).exit).toBe(EXIT.ok);
    const other = await millwright('drift', before, await data('other.ndjson', 5_000, 0.3));
    expect(other.exit).toBe(EXIT.no);
    expect(other.out).toContain('x:');
    expect((await millwright('drift', before, await data('few.ndjson', 8, 0))).exit).toBe(EXIT.insufficient);
  });

  test('evaluation: the verdict of the gate is the exit code, and evidence of the version', async () => {
    const answers = (wrong: number) => (i: number) => (i % 100 < wrong ? 1 - (i % 2) : i % 2);
    const [old, better] = [answers(20), answers(5)];
    const data = await file(
      'answers.ndjson',
      rows(4_000, (i) => ({ y: i % 2 === 1, old: old(i) === 1, new: better(i) === 1 })),
    );
    await millwright('init', 'spam', '--owner', 'mail');
    await millwright('register', 'spam', await file('weights.bin', 'x'));
    const given = ['--truth', 'y', '--champion', 'old', '--challenger', 'new'];
    const judged = await millwright('evaluate', data, ...given, '--attach', 'spam@1');
    expect(judged).toMatchObject({ exit: EXIT.ok, errors: '' });
    expect((await millwright('models', 'spam')).out).toContain('validated');
    const worse = await millwright(
      'evaluate',
      data,
      '--truth',
      'y',
      '--champion',
      'new',
      '--challenger',
      'old',
      '--json',
    );
    expect(worse).toMatchObject({ exit: EXIT.no });
    expect(worse.json()).toMatchObject({ decision: 'block' });
  });

  test('who made the mistake is in the exit code', async () => {
    const code = async (...argv: readonly string[]) => (await millwright(...argv)).exit;
    expect(await code()).toBe(EXIT.usage);
    expect(await code('--help')).toBe(EXIT.ok);
    expect(await code('promote', '--help')).toBe(EXIT.ok);
    expect(await code('explode')).toBe(EXIT.usage);
    expect(await code('init')).toBe(EXIT.usage);
    expect(await code('init', 'spam')).toBe(EXIT.usage);
    expect(await code('init', 'spam', '--owner', 'mail', '--colour', 'red')).toBe(EXIT.usage);
    expect(await code('verify')).toBe(EXIT.refused);
    expect(existsSync(join(place, 'factory'))).toBe(false);
    expect(await code('validate', join(place, 'missing.ndjson'), '--suite', 'x')).toBe(EXIT.failed);
    expect(await code('drift', join(place, 'a.csv'), join(place, 'b.csv'))).toBe(EXIT.usage);
    await millwright('init', 'spam', '--owner', 'mail');
    expect(await code('history', 'nothing')).toBe(EXIT.refused);
    const again = await millwright('init', 'spam', '--owner', 'mail', '--json');
    expect(again.exit).toBe(EXIT.refused);
    expect(JSON.parse(again.errors)).toMatchObject({ error: { code: 'registry/exists' } });
  });

  test('doctor tells what is installed, and what is not', async () => {
    const { json, exit } = await millwright('doctor', '--json');
    expect(exit).toBe(EXIT.ok);
    expect(json()).toMatchObject({ node: process.version, store: expect.stringContaining('There is no registry') });
    expect(json().providers).toContainEqual({ name: 'cpu', available: true });
    const refused = json().providers.filter(({ available }: { available: boolean }) => !available);
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatch(/\w{3}/);
    expect(json().own['@millwright/core']).toMatch(/^\d+\.\d+/);
  });

  test('the console: for who has the address, under that address; it reads, and writes when told to', async () => {
    await millwright('init', 'spam', '--owner', 'mail');
    await millwright('register', 'spam', await file('weights.bin', 'x'));
    const visit = async (address: string) => {
      const { origin } = new URL(address);
      expect((await fetch(`${origin}/api/models`)).status).toBe(403);
      const entered = await fetch(address, { redirect: 'manual' });
      const cookie = entered.headers.get('set-cookie')!.split(';')[0]!;
      expect((await fetch(`${origin}/api/models`, { headers: { cookie } })).status).toBe(200);
      const elsewhere = origin.replace('127.0.0.1', 'localhost');
      expect((await fetch(`${elsewhere}/api/models`, { headers: { cookie } })).status).toBe(403);
      const approval = { method: 'POST', body: JSON.stringify({ role: 'owner', reason: 'Good.' }) };
      const headers = { cookie, 'content-type': 'application/json' };
      return (await fetch(`${origin}/api/versions/spam@1/approvals`, { ...approval, headers })).status;
    };
    const answers: number[] = [];
    const read = await during(async (out) => void answers.push(await visit(out.split(' ')[0]!)), 'console');
    expect(read.out).toMatch(/read only.*\nStopped\.$/);
    const told = async (out: string) => void answers.push(await visit(JSON.parse(out).address));
    expect((await during(told, 'console', '--write', '--json')).exit).toBe(EXIT.ok);
    expect(answers).toEqual([403, 201]);
    expect((await millwright('console', '--port', '70000')).exit).toBe(EXIT.usage);
  });

  test('the console shows the drift that a service kept in the store', async () => {
    {
      await using registry = await openRegistry(folder(join(place, 'factory')), { actor: 'service' });
      const table = (shift: number) =>
        tableFrom({ x: Float64Array.from({ length: 2_000 }, (_, i) => (i % 97) + shift) });
      const monitor = createMonitor({ reference: profileTable(table(0)), name: 'letters', window: { rows: 2_000 } });
      await using _ = logWindows(monitor, registry);
      for (const shift of [0, 0, 50]) monitor.observe(table(shift));
    }
    let seen: unknown;
    const look = async (out: string) => {
      const address = out.split(' ')[0]!;
      const cookie = (await fetch(address, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0]!;
      seen = await (await fetch(`${new URL(address).origin}/api/monitors`, { headers: { cookie } })).json();
    };
    expect((await during(look, 'console')).exit).toBe(EXIT.ok);
    expect(seen).toMatchObject({ items: [{ name: 'letters', windows: 3, last: { verdict: 'drift' } }] });
  });
});
