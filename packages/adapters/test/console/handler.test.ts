import { eventHub } from '@millwright/core';
import { logWindows, type MonitorEvents } from '@millwright/drift';
import { describe, expect, it } from 'vitest';
import { consoleHandler } from '../../src/console.js';
import { ask, byHeader } from '../http/support.js';
import { startCanary, writeFactory } from './factory.js';

async function mounted(options: Partial<Parameters<typeof consoleHandler>[0]> = {}) {
  const { registry, reviews } = await writeFactory();
  return { registry, handle: consoleHandler({ registry, reviews, prefix: '/console', ...options }) };
}

describe('the page', () => {
  it('is where it is mounted, and names what it loads relative to itself', async () => {
    const { handle } = await mounted();
    const page = await ask(handle, '/console/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = String(page.body['text']);
    const loads = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url]) => url!);
    expect(loads).toHaveLength(3);
    for (const url of loads) {
      const asset = await ask(handle, `/console/${url}`);
      expect([url, asset.status]).toEqual([url, 200]);
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
    expect((await ask(handle, '/console')).headers.get('location')).toBe('console/');
    expect((await ask(handle, '/elsewhere/')).status).toBe(404);
    expect((await ask(handle, '/console/assets/console-0000000000000000.js')).status).toBe(404);
  });

  it('allows nothing but its own files, and is asked for again only when it changed', async () => {
    const { handle } = await mounted({ title: '</title><script>alert(1)</script>' });
    const page = await ask(handle, '/console/');
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(page.body['text']).toContain('<title>&lt;/title&gt;&lt;script&gt;');
    const known = { 'if-none-match': page.headers.get('etag')! };
    expect((await ask(handle, '/console/', { headers: known })).status).toBe(304);
    expect((await ask(handle, '/console/', { method: 'HEAD' })).body).toEqual({ text: '' });
    expect((await ask(handle, '/console/', { method: 'DELETE' })).status).toBe(405);
  });
});

describe('the service behind it', () => {
  const approve = { body: { role: 'owner', reason: 'Good.' } };
  const at = '/console/api/versions/flight-delay@4/approvals';

  it('lets everybody read and nobody write without a hook', async () => {
    const { handle } = await mounted();
    expect((await ask(handle, '/console/api/models/flight-delay')).body).toMatchObject({ versions: 4 });
    expect((await ask(handle, '/console/api/session')).body).toEqual({
      writes: false,
      parts: { reviews: true, monitors: false },
    });
    expect((await ask(handle, at, approve)).status).toBe(403);
  });

  it('does what the hook admits, in the name that the hook gives', async () => {
    const { handle, registry } = await mounted({ authorise: byHeader });
    expect((await ask(handle, '/console/api/models')).status).toBe(403);
    expect((await ask(handle, at, { ...approve, actor: 'olga' })).status).toBe(201);
    expect(registry.models.version('flight-delay@4').approvals.at(-1)).toMatchObject({ by: 'olga' });
  });

  it.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://localhost' }],
    [{ origin: 'https://evil.example', host: 'localhost' }],
    [{ origin: 'null', host: 'localhost' }],
  ])('refuses to write for the page of another origin: %j', async (headers) => {
    const { handle } = await mounted({ authorise: byHeader });
    expect((await ask(handle, at, { ...approve, actor: 'olga', headers })).status).toBe(403);
    const own = { 'sec-fetch-site': 'same-origin', origin: 'http://localhost' };
    expect((await ask(handle, at, { ...approve, actor: 'olga', headers: own })).status).toBe(201);
  });

  it('shows drift that another process kept in the ledger, beside a monitor of this one', async () => {
    const { registry, reviews, monitors } = await writeFactory();
    const { clock, registry: fresh } = await writeFactory();
    const source = eventHub<MonitorEvents>();
    await using kept = logWindows({ events: source }, registry, { clock });
    for (const record of monitors.flights) source.emit('window', record);
    await kept.flush();
    const handle = consoleHandler({ registry, reviews });
    const get = async (path: string) => (await ask(handle, `/api/${path}`)).body;
    expect(await get('session')).toMatchObject({ parts: { monitors: true } });
    expect(await get('monitors')).toMatchObject({ items: [{ name: 'flights', windows: monitors.flights.length }] });
    const shown = await get('monitors/flights');
    expect(await get(`monitors/flights/windows/${monitors.flights.at(-1)!.digest}`)).toMatchObject({
      format: 'millwright.drift-decision/1',
    });

    const given = consoleHandler({ registry: fresh, monitors });
    expect((await ask(given, '/api/monitors/flights')).body).toEqual(shown);
    const [last] = monitors.flights.slice(-1);
    const both = consoleHandler({ registry, monitors: { flights: [last!], empty: [] } });
    expect((await ask(both, '/api/monitors/flights')).body).toEqual(shown);
    expect((await ask(both, '/api/monitors')).body).toMatchObject({ items: [{ name: 'flights' }, { name: 'empty' }] });
    expect((await ask(both, '/api/monitors/constructor')).status).toBe(404);
  });

  it('gives rollouts page by page, the newest first', async () => {
    const factory = await writeFactory();
    const { registry } = factory;
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { rollout } = await startCanary(factory, 0, 50 + i);
      await rollout.kill(`Number ${i}.`);
      await rollout.close();
      made.unshift(rollout.id);
    }
    const handle = consoleHandler({ registry });
    type Page = { items: { id: string }[]; next?: string };
    const page = async (query: string) => (await ask(handle, `/api/rollouts?${query}`)).body as unknown as Page;
    const all = await page('');
    expect(all.items.map(({ id }) => id)).toEqual(made);
    expect(all).not.toHaveProperty('next');
    const first = await page('limit=2');
    const second = await page(`limit=2&after=${first.next}`);
    const third = await page(`limit=2&after=${second.next}`);
    expect([first, second, third].flatMap(({ items }) => items)).toEqual(all.items);
    expect(third).not.toHaveProperty('next');
    expect((await ask(handle, '/api/rollouts?after=none')).status).toBe(400);
    expect((await ask(handle, '/api/rollouts?limit=0')).status).toBe(400);
  });

  it('verifies the ledger, once for all who ask at the same time', async () => {
    const { handle } = await mounted();
    const [first, second] = await Promise.all([1, 2].map(() => ask(handle, '/console/api/ledger/verification')));
    expect(first!.body).toMatchObject({ ok: true });
    expect(second!.body).toEqual(first!.body);
  });
});
