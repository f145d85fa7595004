import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';

let server: Server;
let proxy: FaultProxy;
let handled = 0;
beforeEach(async () => {
  handled = 0;
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      handled++;
      response.end('x'.repeat(2_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  proxy = await startFaultProxy({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const get = async (init?: RequestInit) =>
  (await fetch(`http://127.0.0.1:${proxy.port}`, { method: 'PUT', ...init })).text();

test('passes everything on as long as no fault is set', async () => {
  expect(await get({ body: 'hello' })).toHaveLength(2_000);
  expect(handled).toBe(1);
});

test('drops a response after the request was carried out, as often as it was told', async () => {
  proxy.set({ kind: 'dropResponse' }, 1);
  await expect(get()).rejects.toThrow('fetch failed');
  expect(handled).toBe(1);
  expect(await get()).toHaveLength(2_000);
  expect(proxy.struck).toBe(1);
});

test('cuts a request so that it is never carried out', async () => {
  proxy.set({ kind: 'cut', side: 'request', afterBytes: 500 });
  await expect(get({ body: 'y'.repeat(10_000) })).rejects.toThrow('fetch failed');
  expect(handled).toBe(0);
});

test('cuts a response in the middle', async () => {
  proxy.set({ kind: 'cut', side: 'response', afterBytes: 1_000 });
  await expect(get()).rejects.toThrow('terminated');
  expect(handled).toBe(1);
});

test('refuses, stalls and delays', async () => {
  proxy.set({ kind: 'refuse' });
  await expect(get()).rejects.toThrow('fetch failed');
  expect(handled).toBe(0);
  proxy.set({ kind: 'stall' });
  await expect(get({ signal: AbortSignal.timeout(100) })).rejects.toThrow(/abort|timeout/i);
  expect(handled).toBe(1);
  proxy.set({ kind: 'delay', ms: 50 });
  const before = performance.now();
  expect(await get()).toHaveLength(2_000);
  expect(performance.now() - before).toBeGreaterThan(45);
});
