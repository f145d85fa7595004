/**
 * The console with a model of 10,000 versions in Chromium: how long until the list is there, and whether it stays smooth
 * while somebody scrolls through all of it. `npm run bench -- console`; MILLWRIGHT_VERSIONS chooses how many.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { consoleHandler } from '@millwright/adapters/console';
import { toNode } from '@millwright/adapters/http/node';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';
import { chromium } from 'playwright';

const ms = (value: number) => `${value.toFixed(1)} ms`;
const count = Number(process.env['MILLWRIGHT_VERSIONS'] ?? 10_000);
await using registry = await openRegistry(memoryStorage(), { actor: 'bench' });
const files = { 'model.json': new TextEncoder().encode('{}') };
for (let done = 0; done < count; done += 100) {
  const batch = Array.from({ length: Math.min(100, count - done) }, (_, i) =>
    registry.models.register('flight-delay', {
      files,
      owner: 'bench',
      metrics: { auc: 0.7 + (done + i) / 1e6, loss: 0.4 },
      tags: { team: 'operations' },
    }),
  );
  await Promise.all(batch);
}

const server = createServer(toNode(consoleHandler({ registry }))).listen(0, '127.0.0.1');
const browser = await chromium.launch({
  executablePath: process.env['MILLWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
await page.goto(url);
await page.locator('h1').waitFor();

const opened = await page.evaluate(async () => {
  const start = performance.now();
  location.hash = '#/models/flight-delay';
  while (document.querySelector('[aria-label^="Versions of"] tbody tr') === null)
    await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
});

// Time that the page's main thread worked, not time that passed: other programs on the machine do not count.
const devtools = await page.context().newCDPSession(page);
await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
const worked = async () => {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
};
const before = await worked();
const scrolled = await page.evaluate(async () => {
  const long: number[] = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const box = document.querySelector('[aria-label^="Versions of"]')!;
  const frames: number[] = [];
  let most = 0;
  let still = 0;
  let last = performance.now();
  // A fast wheel: ten rows in every frame, until nothing more comes.
  while (still < 120) {
    const before = box.scrollTop;
    box.scrollTop += 440;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    if (box.scrollTop > before) frames.push(now - last);
    last = now;
    still = box.scrollTop > before ? 0 : still + 1;
    most = Math.max(most, box.querySelectorAll('tbody tr').length);
  }
  const end = box.querySelector('tbody tr:last-child')?.getAttribute('aria-rowindex');
  return { end, most, frames, long };
});

const work = (await worked()) - before;
const frames = scrolled.frames.sort((a, b) => a - b);
const frame = (share: number) => ms(frames[Math.floor(share * (frames.length - 1))]!);
console.table({
  versions: count,
  'rows until the end': Number(scrolled.end) - 1,
  'list is there after': ms(opened),
  'rows in the page at most': scrolled.most,
  'frames while scrolling': frames.length,
  'frame, median': frame(0.5),
  'frame, 95 %': frame(0.95),
  'frame, 99 %': frame(0.99),
  'frame, longest': frame(1),
  'work per frame, mean': ms(work / frames.length),
  'tasks of more than 50 ms': scrolled.long.length,
  'the longest of them': scrolled.long.length === 0 ? 'none' : ms(Math.max(...scrolled.long)),
});
await browser.close();
server.close();
server.closeAllConnections();
