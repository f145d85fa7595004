import { type Browser, chromium } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../src/server.js';

const ARGUMENTS = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
let browser: Browser;
beforeAll(async () => {
  const executablePath = process.env['MILLWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ARGUMENTS });
});
afterAll(async () => await browser.close());

test('the page opens the model on either provider, near the answers of a CPU, and again without the server', async () => {
  const server = await startServer();
  const page = await browser.newPage();
  await page.goto(server.origin);
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(new URL(worker.url()).pathname));
  const text = (id: string) => page.textContent(`#${id}`);

  async function open(provider: string): Promise<void> {
    await page.selectOption('#provider', provider);
    await page.click('#open');
    await page.waitForFunction(
      () => document.querySelector<HTMLButtonElement>('#open')?.disabled === false,
      undefined,
      {
        timeout: 300_000,
      },
    );
  }
  for (const [option, provider] of Object.entries({ wasm: 'wasm', threads: 'wasm', webgpu: 'webgpu' })) {
    workers.length = 0;
    await open(option);
    expect(await text('status')).toBe('ready');
    expect(await text('model')).toBe('perceptron@1');
    expect(await text('served')).toContain(provider);
    expect(await text('refused')).toBe('nothing');
    expect(Number(/[\d.e+-]+$/.exec((await text('parity'))!)![0])).toBeLessThanOrEqual(1e-4);
    expect(await text('latency')).toMatch(/p50 [\d.]+ ms, p99 [\d.]+ ms/);
    expect(await page.getAttribute('#progress', 'value')).toBe('1');
    // The model's worker, and where two threads were asked for, onnxruntime's second.
    expect(workers.filter((path) => path.startsWith('/ort/'))).toHaveLength(option === 'threads' ? 1 : 0);
  }

  // The model's own server is gone: the description and the pieces come from the device.
  await page.route('**/model/champion.json', (route) => route.abort());
  await page.route('**/model/model.onnx', (route) => route.abort());
  await open('wasm');
  expect(await text('status')).toBe('ready');
  await server[Symbol.asyncDispose]();
});
