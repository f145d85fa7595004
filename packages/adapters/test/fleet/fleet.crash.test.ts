import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { program } from '../support/program.js';
import { BAD, breakWhenServed, GOOD, openFleet, rollbackLatencies, SPEC, servedSince, surviveKills } from './fleet.js';

const scratch = mkdtempSync(join(tmpdir(), 'millwright-fleet-'));
const script = program(join(import.meta.dirname, 'replica.ts'), scratch);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let folders = 0;
const folder = () => ({ kind: 'folder', root: join(scratch, `${folders++}`) }) as const;

// What is a limit in milliseconds is tried again: a busy machine may take longer once.
describe('processes that serve a model from one folder', { timeout: 120_000 }, () => {
  test.each([
    { push: true, tickMs: 3_000, limitMs: 1_000 },
    { push: false, tickMs: 500, limitMs: 1_000 },
  ])(
    'roll back within $limitMs ms of the verdict (pushed: $push, looks every $tickMs ms)',
    { retry: 2 },
    async (how) => {
      await using fleet = await openFleet(script, folder(), { spec: SPEC, failures: BAD, ...how });
      await Promise.all(['a', 'b', 'c', 'd'].map((name) => fleet.start(name)));
      await breakWhenServed(fleet);
      const each = await rollbackLatencies(fleet);
      expect(await fleet.state()).toMatchObject({ status: 'rolledBack', cause: { cause: 'guardrail' } });
      expect(Math.max(...each), `${each} ms`).toBeLessThanOrEqual(how.limitMs);
      process.stdout.write(`folder, pushed: ${how.push}, looks every ${how.tickMs} ms: share 0 after ${each} ms\n`);
    },
  );

  test('stop when a person at one of them kills it', { retry: 2 }, async () => {
    await using fleet = await openFleet(script, folder(), { spec: SPEC, failures: {}, push: true, tickMs: 3_000 });
    await Promise.all(['a', 'b', 'c'].map((name) => fleet.start(name)));
    await breakWhenServed(fleet);
    fleet.replicas[1]!.send('kill');
    const each = await rollbackLatencies(fleet);
    expect(await fleet.state()).toMatchObject({ status: 'rolledBack', killed: true });
    expect(Math.max(...each)).toBeLessThanOrEqual(1_000);
  });

  test('let go of the challenger when they are cut off for longer than the hard time to live', async () => {
    const spec = { ...SPEC, hardTtl: 1_500 };
    await using fleet = await openFleet(script, folder(), { spec, failures: {}, push: false, tickMs: 200 });
    const [a, b] = [await fleet.start('a'), await fleet.start('b')];
    await breakWhenServed(fleet);
    b.send('cut');
    const cutAt = Date.now();
    await wait(3_500);
    expect(servedSince(b, cutAt + 1_500 + 300)).toEqual(['flight@1']);
    expect(servedSince(a, cutAt + 1_500 + 300)).toEqual(['flight@1', 'flight@2']);
    b.send('heal');
    const healedAt = Date.now();
    await fleet.until('b serves the challenger again', () => servedSince(b, healedAt).includes('flight@2'));
  });

  test.each([
    { name: 'promoted', failures: GOOD, version: 'flight@2' },
    { name: 'rolled back', failures: BAD, version: 'flight@1' },
  ])('end as if nobody had been killed: $name', async ({ failures, version }) => {
    const spec = { ...SPEC, minDwell: 1_000, bake: 1_000 };
    await using fleet = await openFleet(script, folder(), { spec, failures, push: true, tickMs: 300 });
    await surviveKills(fleet, { seed: 5, kills: 10, version });
  });
});
