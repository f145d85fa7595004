import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { consoleHandler } from '../../src/console.js';
import type { Authorise } from '../../src/http.js';
import { barriersIn, complaintsOf, launch, noChromium, serve } from './browser.js';
import { HOSTILE, startCanary, writeFactory } from './factory.js';

describeService('the console in Chromium', noChromium, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  let factory: Awaited<ReturnType<typeof writeFactory>>;
  let canary: Awaited<ReturnType<typeof startCanary>>;
  beforeAll(async () => {
    factory = await writeFactory();
    canary = await startCanary(factory, 0.5);
    // What a host would do with its sessions: the visitor is who the cookie says, and may write if it is `maria`.
    const authorise: Authorise = ({ headers }, { kind }) => {
      const actor = /who=(\w+)/.exec(headers.get('cookie') ?? '')?.[1] ?? 'visitor';
      return kind === 'write' && actor !== 'maria' ? undefined : { actor };
    };
    server = await serve(consoleHandler({ ...factory, rollouts: [canary.rollout], authorise, prefix: '/console' }));
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await canary?.rollout.close();
    await server?.close();
  });

  async function open(at: string, who: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const context = await browser.newContext(options);
    await context.addCookies([{ name: 'who', value: who, url: server.url }]);
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(`${server.url}/console/${at}`);
    return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
  }

  test.each([360, 768, 1440].flatMap((width) => [[width, 'light'] as const, [width, 'dark'] as const]))(
    'no page keeps anybody out, at %i pixels, %s',
    async (width, colorScheme) => {
      await using opened = await open('', 'maria', { viewport: { width, height: 900 }, colorScheme });
      const { page, complaints } = opened;
      for (const at of [
        '#/models',
        '#/models/flight-delay',
        '#/models/spam',
        '#/versions/flight-delay@3',
        '#/lineage/dataset:flights@1',
        '#/rollouts',
        `#/rollouts/${canary.rollout.id}`,
        '#/drift',
        '#/drift/flights',
        '#/reviews',
        `#/reviews/${factory.reviews.open()[0]!.id}`,
        '#/ledger',
      ]) {
        await page.goto(`${server.url}/console/${at}`);
        await page.locator('h1').waitFor();
        await page.getByText('Loading…').waitFor({ state: 'detached' });
        expect([at, await barriersIn(page)]).toEqual([at, []]);
        expect([at, await tooWide(page)]).toEqual([at, 0]);
      }
      expect(complaints).toEqual([]);
    },
  );

  test('text that is markup stays text', async () => {
    await using opened = await open('#/models/spam', 'maria');
    const { page } = opened;
    for (const at of ['#/models/spam', '#/versions/spam@1', '#/reviews', '#/ledger', '#/lineage/model:spam@1']) {
      await page.goto(`${server.url}/console/${at}`);
      await page.locator('main :text("spam"), main :text("onerror")').first().waitFor();
      expect(await page.locator('img, script:not([src])').count()).toBe(0);
    }
    await page.goto(`${server.url}/console/#/versions/spam@1`);
    await page.getByText(HOSTILE).first().waitFor();
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
  });

  test('a review is claimed and decided with the keyboard', async () => {
    await using opened = await open('#/reviews', 'maria');
    const { page } = opened;
    await page.getByRole('button', { name: 'Claim the next' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: 'on time' }).focus();
    await page.keyboard.press('Space');
    await page.getByLabel('Reason, for the ledger').focus();
    await page.keyboard.type('It left on time.');
    await page.keyboard.press('Enter');
    await page.locator('.moments :text("It left on time.")').waitFor();
    expect(factory.reviews.open('labels')[0]!.decisions).toMatchObject([{ by: 'maria', choice: 'on time' }]);
  });

  test('rollouts are asked for as they come into view, and new ones come by themselves', async () => {
    await using opened = await open('', 'visitor');
    const { page } = opened;
    const [real] = await page.evaluate(async () => (await (await fetch('api/rollouts')).json()).items);
    const named = (n: number) => ({ ...real, id: `r${n}`, challenger: `flight-delay@${n}` });
    const all = Array.from({ length: 450 }, (_, i) => named(450 - i));
    const asked: (string | null)[] = [];
    await page.route('**/api/rollouts?**', (route) => {
      const query = new URL(route.request().url()).searchParams;
      const [after, limit] = [query.get('after'), Number(query.get('limit'))];
      asked.push(after);
      const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
      const items = all.slice(from, from + limit);
      return route.fulfill({ json: { items, ...(from + limit < all.length ? { next: items.at(-1)!.id } : {}) } });
    });
    await page.clock.install();
    await page.goto(`${server.url}/console/#/rollouts`);
    const link = (n: number) => page.getByRole('link', { name: `flight-delay@${n}`, exact: true });
    await link(450).waitFor();
    expect(asked).toEqual([null]);
    while (!(await link(1).isVisible())) {
      await page.locator('section.rows').evaluate((box) => box.scrollBy(0, 2_000));
      await page.clock.runFor(100);
    }
    expect(asked).toEqual([null, 'r251', 'r51']);
    expect(await page.locator('section.rows tbody tr').count()).toBeLessThan(80);
    all.unshift(named(451));
    await page.clock.runFor(5_000);
    await page.locator('section.rows').evaluate((box) => box.scrollTo(0, 0));
    await link(451).waitFor();
    expect(await page.locator('section.rows table').getAttribute('aria-rowcount')).toBe('452');
  });

  test('the ledger is verified', async () => {
    await using opened = await open('#/ledger', 'visitor');
    const { page } = opened;
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText('verified').waitFor();
    expect(await page.locator('.outcome').textContent()).toContain(factory.registry.ledger.head.root);
  });

  test('an entry is proved in the browser; an answer that was changed is not believed', async () => {
    await using opened = await open('#/ledger', 'visitor');
    const { page } = opened;
    const prove = page.getByRole('button', { name: 'Prove entry' }).first();
    const outcome = (word: string) => page.locator('.outcome', { hasText: new RegExp(`^. ${word} `) }).waitFor();
    const index = Number(await prove.textContent());
    await prove.focus();
    await page.keyboard.press('Enter');
    await outcome('proved');
    expect(await page.locator('.outcome').textContent()).toContain(`Entry ${index} (`);

    const answers = ['event.type', 'event.data', 'proof.root', 'proof.path', 'proof.index'] as const;
    for (const member of answers) {
      await page.route('**/api/events/*/proof**', async (route) => {
        const answer = await (await route.fetch()).json();
        const [part, name] = member.split('.') as ['event' | 'proof', string];
        const was = answer[part][name];
        answer[part][name] = Array.isArray(was)
          ? was.slice(1)
          : typeof was === 'string'
            ? `${was.slice(0, -1)}${was.endsWith('0') ? '1' : '0'}`
            : typeof was === 'number'
              ? was - 1
              : { ...was, reason: 'forged' };
        await route.fulfill({ json: answer });
      });
      await prove.click();
      await outcome('not proved');
      await page.unroute('**/api/events/*/proof**');
      await prove.click();
      await outcome('proved');
    }
    // A whole other tree, which is consistent in itself, has another root.
    const other = await writeFactory();
    for (let i = 0; other.registry.ledger.head.size <= index; i++)
      await other.registry.models.create(`other-${i}`, { owner: 'mallory' });
    await page.route('**/api/events/*/proof**', async (route) => {
      const proof = await other.registry.ledger.prove(index);
      for await (const event of other.registry.ledger.read({ from: index }))
        return route.fulfill({ json: { event, proof } });
    });
    await prove.click();
    await outcome('not proved');
  });

  test('the kill button: refused to who may not, done at once for who may', async () => {
    const { rollout, endpoint } = canary;
    const kill = async (page: Page) => {
      await page.getByRole('button', { name: 'Kill' }).click();
      await page.getByLabel('Reason, for the ledger').fill('Complaints from Denver.');
      await page.locator('dialog').getByRole('button', { name: 'Kill' }).click();
    };
    {
      await using opened = await open(`#/rollouts/${rollout.id}`, 'visitor');
      await kill(opened.page);
      await opened.page.getByRole('alert').waitFor();
      expect(await opened.page.getByRole('alert').textContent()).toContain('`rollout.kill` is refused.');
      expect(rollout.state.killed).toBe(false);
    }
    expect(endpoint.policy?.shares.get('challenger')).toBeGreaterThan(0);
    await using opened = await open(`#/rollouts/${rollout.id}`, 'maria');
    await kill(opened.page);
    await opened.page.getByText('killed').first().waitFor();
    expect(rollout.state).toMatchObject({
      killed: true,
      cause: { cause: 'killed', sentence: 'Complaints from Denver.' },
    });
    expect(endpoint.policy?.shares.get('challenger') ?? 0).toBe(0);
    const moments = (await rollout.history()).moments;
    expect(moments.find(({ type }) => type === 'rollout.killed')).toMatchObject({ actor: 'maria' });
  });
});

/** Pixels by which a page is wider than the window. */
function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}
