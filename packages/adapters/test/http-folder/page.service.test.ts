import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { expect, test } from 'vitest';
import { describeService } from '../../../../test/services/lane.js';
import { writeFactory } from './factory.js';
import { serve } from './serve.js';

const executablePath = process.env['MILLWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium';
const missing = existsSync(executablePath) ? undefined : 'no Chromium: apt-get install chromium';

/** What the page runs: an application's own code, bundled as an application would. */
const PAGE = `
  import { httpFolder } from '@millwright/adapters/http-folder';
  import { verifyInclusion } from '@millwright/core/ledger';
  import { ancestors, toMermaid } from '@millwright/core/lineage';
  import { openRegistry } from '@millwright/registry';

  const registry = await openRegistry(httpFolder('/factory'), { actor: 'reader' });
  const record = registry.models.history('flight-delay', 'champion').at(-1);
  const proof = await registry.ledger.prove(record.eventIndex);
  let event;
  for await (event of registry.ledger.read({ from: record.eventIndex })) break;
  const forged = { ...event, data: { ...event.data, to: 'flight-delay@1' } };
  const list = document.createElement('ol');
  for (const node of ancestors(registry.lineage, 'model:' + record.version))
    list.append(Object.assign(document.createElement('li'), { textContent: node.label }));
  document.body.append(list);
  globalThis.shown = {
    champion: record.version,
    reason: record.reason,
    proved: verifyInclusion(proof, event),
    forged: verifyInclusion(proof, forged),
    root: proof.root,
    lineage: list.innerText,
    mermaid: toMermaid(registry.lineage, 'model:' + record.version),
  };
`;

describeService('a page without a server of its own', missing, () => {
  test('opens a registry over HTTP, verifies a proof and shows lineage', async () => {
    const root = mkdtempSync(join(tmpdir(), 'millwright-page-'));
    await writeFactory(join(root, 'factory'));
    const bundle = await build({
      stdin: { contents: PAGE, resolveDir: import.meta.dirname, loader: 'js' },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['@millwright/source', 'browser'],
      write: false,
    });
    const server = await serve(root);
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(server.url);
      await page.addScriptTag({ content: bundle.outputFiles[0]!.text, type: 'module' });
      const shown = await page.waitForFunction('globalThis.shown').then((handle) => handle.jsonValue());
      expect(errors).toEqual([]);
      expect(shown).toMatchObject({
        champion: 'flight-delay@2',
        reason: 'The second model.',
        proved: true,
        forged: false,
        root: expect.stringMatching(/^sha256:/),
        lineage: 'train@2\nflights@1',
      });
      expect(server.asked.filter((line) => !/^(GET|HEAD) /.test(line))).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
      rmSync(root, { recursive: true });
    }
  });
});
