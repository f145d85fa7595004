import { seededRandom } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { describe, expect, test } from 'vitest';
import { createObserver, defineRollout, judge, type RolloutSpec, referencesOf } from '../../src/rollout/index.js';
import { championPolicy, compilePolicy, ramp, route } from '../../src/routing/index.js';

/**
 * The same champion in both arms, asked by users who come back: a few ask hundreds of times, and each has an error rate
 * of their own. Requests of one user are not independent, so counting them one by one raises false alarms; counting users does not.
 */
function falseAlarms(rows: RolloutSpec['rows'], runs: number): number {
  const definition = defineRollout({
    challenger: 'm@2',
    stages: ['10%', '50%'],
    minUnits: 50,
    minDwell: '1h',
    rows,
    alpha: { rollback: 0.05 },
    metrics: [{ id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.5 } }],
  });
  const clock = virtualClock(0);
  let alarms = 0;
  for (let run = 0; run < runs; run++) {
    const random = seededRandom(1_000 + run);
    const rates = Array.from({ length: 400 }, () => (random.next() < 0.1 ? 0.6 : 0.005));
    const observer = createObserver(definition, clock);
    let policy = championPolicy({ salt: `run-${run}` });
    let statistics = observer.statistics();
    let time = 0;
    stages: for (const share of [0.1, 0.5]) {
      policy = ramp(policy, { challenger: share });
      const compiled = compilePolicy(policy);
      observer.begin({ epoch: policy.epoch, share, references: referencesOf(statistics) });
      for (let look = 0; look < 6; look++) {
        for (let i = 0; i < 300; i++) {
          // Zipf-like: half of all requests come from a few per cent of the users.
          const user = Math.floor(400 * random.next() ** 4);
          const { arm, epoch, sticky } = route(compiled, `user-${user}`);
          const status = random.next() < rates[user]! ? 'failed' : 'answered';
          const ids = { decisionId: `${run}-${time}`, unit: `user-${user}` };
          const facts = { armAssigned: arm, epoch, share, sticky, shadow: false, status, output: undefined } as const;
          observer.decided({ ...ids, ...facts, time: time++, latencyMs: 1 });
        }
        observer.advance(time);
        statistics = observer.statistics();
        if (judge(definition, statistics).harm.logE >= Math.log(1 / 0.05)) {
          alarms++;
          break stages;
        }
      }
    }
  }
  return alarms / runs;
}

describe('users who come back', { timeout: 60_000 }, () => {
  const runs = 30;
  const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs);

  test.each(['unit', 'epoch'] as const)('counted once per %s raise no more alarms than stated', (rows) => {
    expect(falseAlarms(rows, runs)).toBeLessThanOrEqual(bound);
  });

  test('counted request by request would', () => {
    expect(falseAlarms('request', runs)).toBeGreaterThan(bound);
  });
});
