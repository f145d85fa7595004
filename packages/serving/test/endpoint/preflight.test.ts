import { column, defineContract } from '@millwright/core/contract';
import { virtualClock } from '@millwright/core/testing';
import { createEndpoint, preflight, type Row } from '@millwright/serving';
import { expect, test } from 'vitest';

const contract = defineContract({ inputs: { x: column.number() }, outputs: { y: column.probability() } });
const inputs = Array.from({ length: 20 }, (_, x) => ({ x }));
const half = async ({ x }: Row): Promise<Row> => ({ y: Number(x) / 40 });

async function check(predict: (input: Row) => Promise<Row>, o: Partial<Parameters<typeof preflight>[1]> = {}) {
  await using endpoint = await createEndpoint<Row, Row>({ model: { predict }, contract, deadlineMs: 5_000 });
  const report = await preflight(endpoint, { inputs, contract, requests: 200, budgetsMs: { p99: 1_000 }, ...o });
  return { report, verdicts: Object.fromEntries(report.checks.map(({ name, verdict }) => [name, verdict])) };
}

test('a good endpoint passes everything', async () => {
  const { report, verdicts } = await check(half);
  expect(verdicts).toEqual({ answers: 'pass', output: 'pass', stable: 'pass', refuses: 'pass', latency: 'pass' });
  expect(report.verdict).toBe('pass');
  expect(report.digest).toMatch(/^sha256:/);
});

test('each fault fails its check', async () => {
  const fail = async (predict: (input: Row) => Promise<Row>) => (await check(predict)).verdicts;
  const broken = async (input: Row) => {
    if (input['x'] === 7) throw new TypeError('seven');
    return half(input);
  };
  expect(await fail(broken)).toMatchObject({ answers: 'fail' });
  expect(await fail(async () => ({ y: 2 }))).toMatchObject({ output: 'fail', stable: 'pass' });
  expect(await fail(async () => ({ y: Number.NaN }))).toMatchObject({ output: 'fail' });
  let calls = 0;
  expect(await fail(async () => ({ y: calls++ / 1e3 }))).toMatchObject({ stable: 'fail', answers: 'pass' });
});

test('a latency beyond its budget fails, and too few answers are not enough', async () => {
  const clock = virtualClock();
  const slow = async (input: Row) => {
    await clock.advance(5);
    return half(input);
  };
  expect((await check(slow, { clock, concurrency: 1, budgetsMs: { p50: 4 } })).verdicts['latency']).toBe('fail');
  expect((await check(slow, { clock, concurrency: 1, budgetsMs: { p50: 6 } })).verdicts['latency']).toBe('pass');
  const few = (await check(half, { requests: 99 })).report.checks.find(({ name }) => name === 'latency');
  expect(few).toMatchObject({ verdict: 'insufficient', need: { rows: 1 } });
});

test('nothing asked, nothing known', async () => {
  const { report } = await check(half, { inputs: [], contract: undefined, budgetsMs: undefined });
  expect(report.verdict).toBe('insufficient');
  expect(report.checks.every(({ verdict }) => verdict === 'insufficient')).toBe(true);
});
