// The reference: one module per subpath of each package, from its doc comments.
import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../packages/', import.meta.url);
const entryPoints = readdirSync(root).flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(new URL(`${name}/package.json`, root), 'utf8'));
  return Object.values(exports).flatMap((target) =>
    typeof target === 'object' ? [`../packages/${name}/${target['@millwright/source']}`] : [],
  );
});

export default {
  entryPoints,
  tsconfig: './tsconfig.reference.json',
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  out: './reference',
  docsRoot: '.',
  readme: 'none',
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  outputFileStrategy: 'modules',
  sidebar: { pretty: false },
};
