import type { Predictor } from '@millwright/core';
import { createEndpoint, type DecisionRecord, type Row } from '@millwright/serving';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  championPolicy,
  compilePolicy,
  memoryStickyStore,
  type Override,
  ramp,
  route,
  routeRequest,
} from '../../src/routing/index.js';

const policyOf = (share: number, overrides?: readonly Override[]) =>
  compilePolicy(ramp(championPolicy({ salt: 's', overrides }), { challenger: share }));

describe('overrides', () => {
  const overrides: readonly Override[] = [
    { arm: 'champion', where: { region: ['eu', 'ch'] } },
    { arm: 'challenger', units: ['tester'], where: { contract: [2] } },
  ];

  test('by list and by attribute, the first that matches, and chance has no part in it', () => {
    const policy = policyOf(0.01, overrides);
    const tester = { unit: 'tester', attributes: { contract: 2 } };
    expect(routeRequest(policy, tester)).toEqual({ arm: 'challenger', epoch: 1, share: 1, sticky: false });
    expect(routeRequest(policy, { ...tester, attributes: { contract: 2, region: 'eu' } }).arm).toBe('champion');
    expect(routeRequest(policy, { unit: 'tester' })).toBe(route(policy, 'tester'));
    expect(routeRequest(policy, { unit: 'tester', attributes: { contract: '2' } })).toBe(route(policy, 'tester'));
  });

  test('end with the arm: after a rollback, a kill or the policy’s time nobody is sent to it', () => {
    const tester = { unit: 'tester', attributes: { contract: 2 } };
    const live = ramp(championPolicy({ salt: 's', overrides }), { challenger: 0.1 }, { validUntil: 10 });
    expect(routeRequest(compilePolicy(live), tester, undefined, 10).arm).toBe('challenger');
    expect(routeRequest(compilePolicy(live), tester, undefined, 11).arm).toBe('champion');
    expect(routeRequest(compilePolicy({ ...live, killed: true }), tester).arm).toBe('champion');
    expect(routeRequest(compilePolicy(ramp(live, {})), tester).arm).toBe('champion');
  });

  test('one that would match everything is refused', () => {
    expect(() => policyOf(0.1, [{ arm: 'challenger' }])).toThrow(/match every request/);
  });

  test('without overrides and store it is the route by hash, for every unit', () => {
    const policy = policyOf(0.3);
    fc.assert(
      fc.property(fc.string(), (unit) => {
        expect(routeRequest(policy, { unit }, 'r')).toBe(route(policy, unit, 'r'));
      }),
    );
  });
});

describe('sticky store', () => {
  const policy = policyOf(0.5);
  const inArm = (arm: string, prefix: string) =>
    Array.from({ length: 100 }, (_, i) => `${prefix}-${i}`).find((unit) => route(policy, unit).arm === arm)!;
  const anonymous = inArm('challenger', 'cookie');
  const person = inArm('champion', 'person');

  test('a person who logs in keeps the arm of the anonymous visit, and is left out of the statistics', () => {
    const store = memoryStickyStore();
    expect(routeRequest(policy, { unit: anonymous }, undefined, 0, store)).toBe(route(policy, anonymous));
    const after = routeRequest(policy, { unit: person, formerUnits: [anonymous] }, undefined, 0, store);
    expect(after).toEqual({ arm: 'challenger', epoch: 1, share: 1, sticky: false });
    expect(routeRequest(policy, { unit: person }, undefined, 0, store)).toBe(after);
  });

  test('a person who was there before the cookie keeps the own arm', () => {
    const store = memoryStickyStore();
    routeRequest(policy, { unit: anonymous }, undefined, 0, store);
    routeRequest(policy, { unit: person }, undefined, 0, store);
    const after = routeRequest(policy, { unit: person, formerUnits: [anonymous] }, undefined, 0, store);
    expect(after).toBe(route(policy, person));
  });

  test('ramps move people on by hash, and an arm that no longer serves lets go', () => {
    const store = memoryStickyStore();
    const small = policyOf(0.001);
    const unit = inArm('challenger', 'any');
    expect(routeRequest(small, { unit }, undefined, 0, store).arm).toBe('champion');
    expect(routeRequest(policy, { unit }, undefined, 0, store).arm).toBe('challenger');
    routeRequest(policy, { unit: person, formerUnits: [unit] }, undefined, 0, store);
    const over = compilePolicy(ramp(policy.policy, {}));
    expect(routeRequest(over, { unit: person }, undefined, 0, store)).toBe(route(over, person));
    expect(store.get(`s:${person}`)).toEqual({ arm: 'champion', held: false });
  });

  test('memory is bounded: the oldest are forgotten', () => {
    const store = memoryStickyStore({ maxUnits: 2 });
    for (const key of ['a', 'b', 'c']) store.set(key, { arm: 'champion', held: true });
    expect([store.get('a'), store.get('c')]).toEqual([undefined, { arm: 'champion', held: true }]);
  });
});

describe('an endpoint', () => {
  const answering = (name: string): Predictor<Row, Row> => ({ predict: () => Promise.resolve({ arm: name }) });

  test('routes by attributes and former identities, and marks both in its records', async () => {
    const records: DecisionRecord[] = [];
    const endpoint = await createEndpoint({
      model: answering('champion'),
      sticky: memoryStickyStore(),
      onDecision: (record) => records.push(record),
    });
    await endpoint.arms.prepare('challenger', answering('challenger'));
    const overrides: readonly Override[] = [{ arm: 'challenger', where: { region: ['test'] } }];
    const policy = policyOf(0.5, overrides);
    endpoint.setPolicy(policy);
    const challenged = Array.from({ length: 99 }, (_, i) => `c${i}`).find(
      (unit) => route(policy, unit).arm === 'challenger',
    )!;
    const championed = Array.from({ length: 99 }, (_, i) => `p${i}`).find(
      (unit) => route(policy, unit).arm === 'champion',
    )!;
    const served = async (context: Parameters<typeof endpoint.predict>[1]) =>
      (await endpoint.predict({}, context)).served.arm;
    expect(await served({ unit: championed, attributes: { region: 'test' } })).toBe('challenger');
    expect(await served({ unit: challenged })).toBe('challenger');
    expect(await served({ unit: `${championed}-new`, formerUnits: [challenged] })).toBe('challenger');
    expect(records.map(({ sticky, share }) => [sticky, share])).toEqual([
      [false, 1],
      [true, 0.5],
      [false, 1],
    ]);
    await endpoint.close();
  });
});
