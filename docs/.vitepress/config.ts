import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const at = (file: string) => new URL(`../${file}`, import.meta.url);
/** Written by TypeDoc; the site can be built without it. */
const reference = at('reference/typedoc-sidebar.json');

const page = (file: string) => {
  const markdown = readFileSync(at(`${file}.md`), 'utf8');
  const [, title = file, first = ''] = /^# (.+)\n\n([^\n]+(?:\n[^\n]+)*)/.exec(markdown) ?? [];
  return { text: title, link: `/${file}`, about: first.replaceAll('\n', ' '), markdown };
};

const guide = [
  { text: 'Start', pages: ['quickstart', 'concepts', 'walk', 'comparison', 'benchmarks'] },
  {
    text: 'Guides',
    pages: [
      'guide-node-service',
      'edge',
      'guide-framework-author',
      'guide-generative',
      'guide-multimodal',
      'guide-regulated',
    ],
  },
  { text: 'The house', pages: ['architecture', 'command-line', 'console', 'adapters'] },
  { text: 'History', pages: ['ledger', 'attestation', 'registry', 'review'] },
  { text: 'Data', pages: ['profiles', 'validation', 'statistics'] },
  { text: 'Decisions', pages: ['evaluation', 'rollout', 'reports'] },
  { text: 'Serving', pages: ['serving', 'batching'] },
  { text: 'Watching', pages: ['drift', 'drift-streams', 'drift-beyond-columns'] },
  { text: 'When something is wrong', pages: ['runbooks', 'errors'] },
].map(({ text, pages }) => ({ text, items: pages.map(page) }));

export default defineConfig({
  title: 'Millwright',
  description: 'An embeddable model factory for TypeScript',
  cleanUrls: true,
  srcExclude: ['.run/**', 'node_modules/**'],
  // Sources and examples are beside the site, not in it.
  ignoreDeadLinks: [/^(\.\/)?\.\.\/(packages|examples|scripts|CONTRIBUTING|SECURITY|README)/],
  markdown: {
    // What is said about templates is not one.
    config({ renderer: { rules } }) {
      for (const kind of ['text', 'code_inline']) {
        const render = rules[kind]!;
        rules[kind] = (...given) => render(...given).replaceAll('{', '&#123;');
      }
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guide', link: '/quickstart' },
      ...(existsSync(reference) ? [{ text: 'Reference', link: '/reference/' }] : []),
    ],
    sidebar: {
      '/reference/': existsSync(reference) ? JSON.parse(readFileSync(reference, 'utf8')) : [],
      '/': guide,
    },
    outline: [2, 3],
  },
  /** What language models read: the pages as a list (https://llmstxt.org) and as one text. */
  buildEnd({ outDir }) {
    const pages = guide.flatMap(({ items }) => items);
    const list = pages.map(({ text, link, about }) => `- [${text}](${link}.md): ${about}`);
    const heading = '# Millwright\n\n> An embeddable model factory for TypeScript.\n';
    writeFileSync(join(outDir, 'llms.txt'), `${heading}\n${list.join('\n')}\n`);
    writeFileSync(join(outDir, 'llms-full.txt'), pages.map(({ markdown }) => markdown).join('\n\n'));
  },
});
