import { isMillwrightError } from '@millwright/core';
import { virtualClock } from '@millwright/core/testing';
import { championPolicy, compilePolicy, ramp, route } from '@millwright/serving/routing';
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { flagRouter, openFeatureProvider } from '../../src/openfeature.js';
import { factory } from '../http/support.js';

afterEach(() => OpenFeature.clearProviders());

const half = compilePolicy(ramp(championPolicy({ salt: 's' }), { challenger: 0.5 }));
const units = Array.from({ length: 40 }, (_, i) => `customer-${i}`);

/** The client of a real SDK over the flags of a factory. */
async function client(options: Parameters<typeof openFeatureProvider>[1] = {}) {
  const made = await factory();
  await made.endpoint.arms.prepare('challenger', made.registry.version('fraud@2'));
  await OpenFeature.setProviderAndWait(openFeatureProvider({ fraud: made.endpoint }, options));
  return { ...made, client: OpenFeature.getClient() };
}

describe('the provider', () => {
  it('says of every unit what the router does', async () => {
    const { client: flags, endpoint } = await client();
    endpoint.setPolicy(half);
    for (const unit of units) {
      const { arm } = route(half, unit);
      const details = await flags.getStringDetails('fraud', 'none', { targetingKey: unit });
      expect(details).toMatchObject({
        value: arm === 'champion' ? 'fraud@1' : 'fraud@2',
        variant: arm,
        reason: 'SPLIT',
        flagMetadata: { epoch: 1, share: 0.5 },
      });
      expect(await flags.getBooleanValue('fraud', false, { targetingKey: unit })).toBe(arm === 'challenger');
      expect(await flags.getObjectValue('fraud', {}, { targetingKey: unit })).toMatchObject({ arm, epoch: 1 });
      const { served } = await endpoint.predict({ euros: 1 }, { unit });
      expect(served.arm).toBe(arm);
    }
  });

  it('is static without a policy, disabled when it is killed, stale when nobody confirms it, and a match on a list', async () => {
    const { client: flags, endpoint } = await client();
    const reason = async () =>
      (await flags.getStringDetails('fraud', 'none', { targetingKey: 'vip', plan: 'gold' })).reason;
    expect(await reason()).toBe('STATIC');
    endpoint.setPolicy(compilePolicy({ ...half.policy, killed: true }));
    expect(await reason()).toBe('DISABLED');
    endpoint.setPolicy(compilePolicy({ ...half.policy, freshUntil: 0 }));
    expect(await reason()).toBe('STALE');
    endpoint.setPolicy(
      compilePolicy({ ...half.policy, overrides: [{ arm: 'challenger', where: { plan: ['gold'] } }] }),
    );
    expect(await reason()).toBe('TARGETING_MATCH');
  });

  it('gives the default for what it does not know', async () => {
    const { client: flags } = await client();
    expect(await flags.getStringDetails('toString', 'none')).toMatchObject({
      value: 'none',
      errorCode: 'FLAG_NOT_FOUND',
    });
    expect(await flags.getNumberDetails('fraud', 7)).toMatchObject({ value: 7, errorCode: 'TYPE_MISMATCH' });
  });

  it('makes outcomes of what is tracked', async () => {
    const untracked: string[] = [];
    const { client: flags, endpoint } = await client({ onUntracked: (event) => untracked.push(event) });
    const seen: unknown[] = [];
    endpoint.outcomes.observe((outcome) => seen.push(outcome));
    flags.track('charged-back', { targetingKey: 'c' }, { decisionId: 'd1' });
    flags.track('refunded', { decisionId: 'd2' }, { value: 12.5, flag: 'fraud', metric: 'euros', time: 9 });
    flags.track('clicked', { targetingKey: 'c' });
    flags.track('broken', { decisionId: 'd3' }, { value: Number.NaN });
    expect(seen).toMatchObject([
      { decisionId: 'd1', value: true },
      { decisionId: 'd2', value: 12.5, metric: 'euros', time: 9 },
    ]);
    expect(untracked).toEqual(['clicked', 'broken']);
  });
});

describe('the router', () => {
  const arm = (name: string) => ({ predict: async () => name });
  const arms = { champion: arm('champion'), challenger: arm('challenger') };

  it('reads the flags of any provider', async () => {
    const flag = {
      variants: { on: 'challenger', off: 'champion', odd: 'neither' },
      defaultVariant: 'off',
      disabled: false,
      contextEvaluator: ({ targetingKey, plan }: { targetingKey?: string; plan?: unknown }) =>
        targetingKey === 'odd' ? 'odd' : plan === 'gold' ? 'on' : 'off',
    };
    await OpenFeature.setProviderAndWait(new InMemoryProvider({ fraud: flag }));
    const reasons: unknown[] = [];
    const client = OpenFeature.getClient();
    const router = flagRouter({
      client,
      flag: 'fraud',
      arms,
      fallback: 'champion',
      onFallback: (why) => reasons.push(why),
    });
    expect(await router.predict(1, { unit: 'a' })).toBe('champion');
    expect(await router.predict(1, { unit: 'a', attributes: { plan: 'gold' } })).toBe('challenger');
    expect(reasons).toEqual([]);
    expect(await router.predict(1, { unit: 'odd' })).toBe('champion');
    expect(reasons).toEqual([{ value: 'neither' }]);
  });

  it('does not wait for a provider that is slow, nor fail with one that fails', async () => {
    const clock = virtualClock(0);
    const reasons: unknown[] = [];
    const options = { flag: 'f', arms, fallback: 'champion', clock, onFallback: (why: unknown) => reasons.push(why) };
    const slow = flagRouter({ ...options, client: { getStringValue: () => new Promise(() => undefined) } });
    const answer = slow.predict(1, {});
    await clock.advance(50);
    expect(await answer).toBe('champion');
    const error = new TypeError('away');
    const broken = flagRouter({ ...options, client: { getStringValue: () => Promise.reject(error) } });
    expect(await broken.predict(1, {})).toBe('champion');
    const failing = flagRouter({
      ...options,
      client: {
        getStringValue: () => {
          throw error;
        },
      },
    });
    // Here the pause for the provider ends with nobody waiting for it: that must not be an unhandled rejection.
    expect(await failing.predict(1, {})).toBe('champion');
    await expect(failing.predict(1, { signal: AbortSignal.abort(error) })).rejects.toBe(error);
    await expect(slow.predict(1, { signal: AbortSignal.abort(error) })).rejects.toBe(error);
    expect(reasons).toEqual([{}, { error }, { error }]);
  });

  it('ends with its request', async () => {
    const gone = new AbortController();
    const client = { getStringValue: () => new Promise<string>(() => undefined) };
    const router = flagRouter({ client, flag: 'f', arms, fallback: 'champion', clock: virtualClock(0) });
    const answer = router.predict(1, { signal: gone.signal });
    gone.abort(new RangeError('gone'));
    await expect(answer).rejects.toThrow(RangeError);
  });

  it('needs a fallback that is an arm', () => {
    const client = { getStringValue: async () => 'x' };
    expect(() => flagRouter({ client, flag: 'f', arms, fallback: 'none' })).toThrow();
    try {
      flagRouter({ client, flag: 'f', arms, fallback: 'constructor' });
    } catch (error) {
      expect(isMillwrightError(error, 'input/invalid')).toBe(true);
    }
  });
});
