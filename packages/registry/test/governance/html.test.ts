import { expect, test } from 'vitest';
import { toHtml } from '../../src/governance/html.js';
import { modelCard, modelCardHtml } from '../../src/governance/index.js';
import { desk, files } from '../desk.js';
import { story } from './story.js';

/** What a reader sees, without markup. */
const textOf = (html: string) =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

test('the card as a page says what the Markdown says', async () => {
  const { registry } = await story();
  const html = await modelCardHtml(registry, 'flight-delay@2');
  const markdown = (await modelCard(registry, 'flight-delay@2')).replace(/^---[\s\S]*?\n---\n/, '');
  const titles = [...markdown.matchAll(/^##? (.*)$/gm)].map(([, title]) => title);
  expect([...html.matchAll(/<h[12]>(.*?)<\/h[12]>/g)].map(([, title]) => title)).toEqual(titles);
  expect(html.match(/<tr>/g)!.length).toBeGreaterThan(8);
  expect(textOf(html)).toContain('Plan crews | not passengers.');
  expect(textOf(html)).toContain('Telling &lt;passengers&gt; when to leave.');
  expect(html).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(html).not.toMatch(/<script|src=|href=|\*\*|^\|/m);
});

test('what people write stays text', async () => {
  const { registry } = await desk();
  const evil = '<script>alert(1)</script> & `x` | # not a title';
  await registry.models.register('spam', {
    files: files('a'),
    owner: evil,
    intendedUse: `${evil}\n\n- no list\n# no title`,
  });
  const html = await modelCardHtml(registry, 'spam@1');
  expect(html).not.toContain('<script>');
  expect(html).not.toMatch(/<h1>no title|<li>no list/);
  expect(textOf(html)).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; 'x' | # not a title");
});

test('headings, rules, lists, tables with numbers, code', () => {
  expect(toHtml('# A\n\ntext `a|b`\n\n- one\n- two\n\n| x | y |\n|---|---:|\n| a \\| b | 1 |\n\n---\nend')).toBe(
    [
      '<h1>A</h1>',
      '<p>text <code>a|b</code></p>',
      '<ul>\n<li>one</li>\n<li>two</li>\n</ul>',
      '<table>\n<tr><th>x</th><th class="number">y</th></tr>\n<tr><td>a | b</td><td class="number">1</td></tr>\n</table>',
      '<hr>\n<p>end</p>',
    ].join('\n'),
  );
});
