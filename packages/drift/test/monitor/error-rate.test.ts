import { seededRandom } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { createErrorRateMonitor, type ErrorRateAlarm } from '@millwright/drift';
import { expect, test } from 'vitest';

const random = seededRandom(3);
const labels = (n: number, rate: number) => Array.from({ length: n }, () => random.next() < rate);

test('a risen error rate is found from labels, with the rate and what to do', () => {
  const found: ErrorRateAlarm[] = [];
  const monitor = createErrorRateMonitor({
    baseline: { count: 500, rows: 5_000 },
    clock: virtualClock(7),
    onTrigger: (alarm) => found.push(alarm),
  });
  expect(monitor.observe(labels(3_000, 0.1))).toEqual([]);
  const [alarm] = monitor.observe(labels(2_000, 0.2));
  expect(alarm?.labels).toBeLessThan(3_600);
  expect(alarm?.trigger).toMatchObject({ action: 'retrain', at: 7 });
  expect(alarm?.sentence).toMatch(/^The error rate has risen: \d+\.\d % of the last 512 labels, 10\.0 % before\.$/);
  expect(found[0]).toBe(alarm);
  expect(monitor.seen.rows).toBe(5_000);
});

test('what follows an alarm is the policy’s: after a retraining its cooldown', () => {
  const monitor = createErrorRateMonitor({ baseline: 0.1, arl: 1_000, clock: virtualClock(0) });
  const actions = monitor.observe(labels(4_000, 0.3)).map((alarm) => alarm.trigger.action);
  expect(actions.slice(0, 3)).toEqual(['retrain', 'watch', 'watch']);
});

test('labels that are all wrong are rather a broken feed: a person has to look', () => {
  const monitor = createErrorRateMonitor({ baseline: 0.05, arl: 1_000, clock: virtualClock(0) });
  expect(monitor.observe(labels(600, 1))[0]?.trigger).toMatchObject({ action: 'escalate', reasons: ['too-large'] });
  monitor.acknowledge();
  expect(monitor.triggerState.status).toBe('quiet');
});

test('missing labels are refused before any is taken: NaN is neither right nor wrong', () => {
  const monitor = createErrorRateMonitor({ baseline: 0.1 });
  for (const label of [Number.NaN, 2, 0.5])
    expect(() => monitor.observe([1, label])).toThrow(/1 \(wrong\) or 0 \(right\)/);
  expect(monitor.seen).toEqual({ count: 0, rows: 0 });
});

test('none wrong of a few is no rate of 0: the first alarm is judged by what the few allow', () => {
  const monitor = createErrorRateMonitor({ baseline: { count: 0, rows: 40 }, arl: 1_000, clock: virtualClock(0) });
  expect(monitor.observe(labels(600, 0.25))[0]?.trigger).toMatchObject({ action: 'retrain' });
});
