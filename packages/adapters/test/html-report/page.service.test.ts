import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ReportModel, renderReport } from '@millwright/adapters/html-report';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { largeReport, largeValidation } from './large.js';
import { sampleReport } from './sample.js';

const executablePath = process.env['MILLWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium';
const missing = existsSync(executablePath) ? undefined : 'no Chromium: apt-get install chromium';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describeService('a report opened from disk', missing, () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'millwright-report-'));
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** The page, and everything that it complained about or asked for. */
  async function open(model: ReportModel, options: Parameters<Browser['newPage']>[0] = {}) {
    const file = join(folder, 'report.html');
    const url = String(pathToFileURL(file));
    writeFileSync(file, renderReport(model));
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
    const heard: string[] = [];
    page.on('console', (message) => heard.push(message.text()));
    page.on('pageerror', (error) => heard.push(String(error)));
    page.on('request', (request) => request.url() !== url && heard.push(request.url()));
    await page.goto(url);
    return { page, heard };
  }

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [360, 768, 1440])
      test(`${colorScheme} at ${width}: nothing that axe calls serious, no sideways scrolling`, async () => {
        const { page, heard } = await open(sampleReport(), { colorScheme, viewport: { width, height: 900 } });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(heard).toEqual([]);
        await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
        expect(await seriousIn(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        await page.close();
      });

  test('two hundred features are painted within 300 ms and take less than 300 kB', async () => {
    const model = largeReport();
    expect(Buffer.byteLength(renderReport(model))).toBeLessThan(300_000);
    const paints: number[] = [];
    // The first page of a browser pays for its start.
    for (let i = 0; i < 4; i++) {
      const { page } = await open(model);
      paints.push(
        await page.evaluate<number>(
          `new Promise((done) => new PerformanceObserver((list) => {
            for (const each of list.getEntriesByName('first-contentful-paint')) done(each.startTime);
          }).observe({ type: 'paint', buffered: true }))`,
        ),
      );
      await page.close();
    }
    expect(Math.min(...paints)).toBeLessThan(300);
  });

  test('three thousand checks: no task of more than 50 ms while they are filtered and scrolled', async () => {
    const { page } = await open({ ...sampleReport(), validations: [largeValidation(15)] });
    expect(await page.locator('#validation li').count()).toBe(3_000);
    expect(await longestStep(page)).toBeLessThan(50);
    await page.locator('#validation [value=fail]').check();
    expect(await page.locator('#validation li:visible').count()).toBe(10);
    await page.close();
  });

  test('prints what is chosen, without the navigation', async () => {
    const { page } = await open(sampleReport(), { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#validation li:visible').count()).toBe(8);
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.locator('#validation [value=fail]').check();
    expect(await page.locator('#validation li:visible').count()).toBe(2);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.close();
  });

  test('the policy of the page stops scripts and styles that are not its own', async () => {
    const { page, heard } = await open(sampleReport());
    const before = await page.evaluate('getComputedStyle(document.body).color');
    await page.evaluate(`{
      const style = document.createElement('style');
      style.textContent = 'body { color: red }';
      const script = document.createElement('script');
      script.textContent = 'window.hacked = true';
      document.head.append(style, script);
    }`);
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe(before);
    expect(await page.evaluate('"hacked" in window')).toBe(false);
    expect(heard.filter((text) => text.includes('Content Security Policy'))).toHaveLength(2);
    await page.close();
  });
});

async function seriousIn(page: Page): Promise<readonly string[]> {
  // Not as a script element, which the page's policy refuses.
  await page.evaluate(AXE);
  return page.evaluate<string[]>(`axe.run().then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes[0].html))`);
}

/**
 * Chooses each filter and scrolls the page screen by screen: the largest time, in milliseconds, that the page's thread
 * computes for one such step, which no task can exceed. Computing time, so that a busy machine does not count.
 */
async function longestStep(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const computed = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
  let longest = 0;
  const step = async (act: string) => {
    const before = await computed();
    await page.evaluate(`${act}; new Promise((done) => requestAnimationFrame(() => setTimeout(done)))`);
    longest = Math.max(longest, (await computed()) - before);
  };
  for (const value of ['fail', 'pass', 'all'])
    await step(`document.querySelector('#validation [value=${value}]').click()`);
  while (!(await page.evaluate<boolean>('scrollY + innerHeight >= document.documentElement.scrollHeight - 1')))
    await step("scrollBy({ top: innerHeight, behavior: 'instant' })");
  return longest;
}
