import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { consoleHandler } from '../../src/console.js';
import { barriersIn, complaintsOf, launch, noChromium, serve } from './browser.js';
import { HOSTILE, writeFactory } from './factory.js';

const PAGES = ['#/models', '#/models/flight-delay', '#/models/spam', '#/versions/flight-delay@3', '#/versions/spam@1'];

describeService('the console in Chromium', noChromium, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    const factory = await writeFactory();
    server = await serve(consoleHandler({ ...factory, prefix: '/console' }));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test.each([360, 768, 1440].flatMap((width) => [[width, 'light'] as const, [width, 'dark'] as const]))(
    'no page keeps anybody out, at %i pixels, %s',
    async (width, colorScheme) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const complaints = complaintsOf(page);
      for (const at of PAGES) {
        await page.goto(`${server.url}/console/${at}`);
        await page.locator('h1').waitFor();
        await page.waitForLoadState('networkidle');
        expect([at, await barriersIn(page)]).toEqual([at, []]);
        expect([at, await tooWide(page)]).toEqual([at, 0]);
      }
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test('text that is markup stays text', async () => {
    const page = await browser.newPage();
    for (const at of ['#/models/spam', '#/versions/spam@1']) {
      await page.goto(`${server.url}/console/${at}`);
      await page.getByText(HOSTILE).first().waitFor();
      expect(await page.locator('img, script:not([src])').count()).toBe(0);
    }
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    await page.close();
  });
});

/** Pixels by which a page is wider than the window. */
function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}
