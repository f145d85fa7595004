import type { LedgerEvent } from '@millwright/core/ledger';
import { describe, expect, test } from 'vitest';
import { deliverWebhooks, signWebhook, verifyWebhook, watchEvents } from '../../src/feed/index.js';
import type { Registry } from '../../src/index.js';
import { desk, withVersions } from '../desk.js';

/** Secret, id, time, body and signature of the example at standardwebhooks.com. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('watching', () => {
  test('gives what is there from the cursor on, then what comes, without gaps', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const stop = new AbortController();
    const seen: LedgerEvent[] = [];
    let fresh: (() => void) | undefined;
    const watching = (async () => {
      for await (const event of watchEvents(registry.ledger, { from: 0, signal: stop.signal })) {
        seen.push(event);
        fresh?.();
      }
    })();
    const until = (n: number) =>
      new Promise<void>((resolve) => {
        fresh = () => seen.length >= n && resolve();
        fresh();
      });
    await until(4);
    await registry.models.create('second', { owner: 'ops' });
    await registry.models.create('third', { owner: 'ops' });
    await until(6);
    stop.abort();
    await watching;
    expect(seen.map((e) => e.type)).toEqual([
      'ledger.created',
      'model.created',
      'version.registered',
      'lineage.recorded',
      'model.created',
      'model.created',
    ]);
    expect(seen).toEqual(await all(registry));
  });

  test('starts with what comes, keeps to the kinds it was asked for, and goes on from a cursor', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const watch = watchEvents(registry.ledger, { kinds: ['alias.moved'] });
    const first = watch.next();
    await registry.models.create('second', { owner: 'ops' });
    await registry.models.moveAlias('flight-delay', 'champion', 'flight-delay@1', { reason: 'go' });
    const { value } = await first;
    expect(value?.type).toBe('alias.moved');
    await watch.return();
    const again = watchEvents(registry.ledger, { from: value!.index });
    expect((await again.next()).value).toEqual(value);
    await again.return();
  });
});

describe('webhooks', () => {
  test('are signed as standardwebhooks.com says', async () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const webhook = { body: '{"test": 2432232314}', headers };
    const now = 1_614_265_330_000;
    expect(await verifyWebhook(webhook, SECRET, { now })).toBe(true);
    expect(await verifyWebhook({ ...webhook, body: '{"test": 2432232315}' }, SECRET, { now })).toBe(false);
    expect(await verifyWebhook(webhook, SECRET, { now: now + 301_000 })).toBe(false);
    expect(
      await verifyWebhook(
        { ...webhook, headers: { ...headers, 'webhook-signature': `v1,AAAA v2,x ${headers['webhook-signature']}` } },
        SECRET,
        { now },
      ),
    ).toBe(true);
    expect(await verifyWebhook({ body: '', headers: {} }, SECRET, { now })).toBe(false);
    await expect(verifyWebhook(webhook, 'whsec_short', { now })).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('have the event as their id, and verify', async () => {
    const { registry } = await desk();
    const [event] = await all(registry);
    const webhook = await signWebhook(registry.ledger.id, event!, SECRET, 5_000);
    expect(webhook.headers['webhook-id']).toBe(`${registry.ledger.id}/${event!.index}`);
    expect(JSON.parse(webhook.body)).toMatchObject({ type: 'ledger.created', data: { actor: 'maria' } });
    expect(await verifyWebhook(webhook, SECRET, { now: 5_000 })).toBe(true);
  });

  test('are delivered in order, again after a failure, and go on from the stored cursor', async () => {
    const { registry, clock } = await desk();
    await withVersions(registry, 1);
    const got: string[] = [];
    const failures: number[] = [];
    let cursor = 0;
    const server = (fail: (call: number) => boolean, stopAfter: number, stop: AbortController) => {
      let calls = 0;
      return async (_: unknown, init?: RequestInit) => {
        if (fail(calls++)) return new Response('', { status: 503 });
        got.push(new Headers(init?.headers).get('webhook-id')!.split('/')[1]!);
        if (got.length === stopAfter) stop.abort();
        return new Response('');
      };
    };
    const hasty = {
      ...clock,
      schedule(_: number, run: () => void) {
        queueMicrotask(run);
        return () => undefined;
      },
    };
    const deliver = async (stopAfter: number) => {
      const stop = new AbortController();
      await deliverWebhooks(registry.ledger, {
        url: 'https://hooks.example/registry',
        secret: SECRET,
        from: cursor,
        clock: hasty,
        signal: stop.signal,
        fetch: server((call) => call === 1, stopAfter, stop) as typeof fetch,
        onDelivered: (next) => {
          cursor = next;
        },
        onFailed: ({ attempt }) => failures.push(attempt),
      });
    };
    await deliver(2);
    await deliver(4);
    expect(got).toEqual((await all(registry)).map((e) => String(e.index)));
    expect(failures).toEqual([1, 1]);
  });

  test('lets go of answers that nobody reads, which would keep their connections', async () => {
    const { registry } = await desk();
    await withVersions(registry, 1);
    const stop = new AbortController();
    let open = 0;
    await deliverWebhooks(registry.ledger, {
      url: 'https://hooks.example/registry',
      secret: SECRET,
      from: 0,
      signal: stop.signal,
      fetch: async () => new Response(new ReadableStream({ start: () => void open++, cancel: () => void open-- })),
      onDelivered: (next) => {
        if (next === registry.ledger.head.size) stop.abort();
      },
    });
    expect(open).toBe(0);
  });
});

async function all(registry: Registry): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  for await (const event of registry.ledger.read()) events.push(event);
  return events;
}
