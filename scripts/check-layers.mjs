// Who may import whom (docs/architecture.md §2), and no files in a circle. Prints every violation and exits 1, or says how
// many files it read.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const MAY_IMPORT = {
  core: [],
  registry: ['core'],
  drift: ['core'],
  serving: ['core'],
  adapters: ['core', 'registry', 'drift', 'serving'],
};

const violations = [];
/** By file, the files of its package that it imports, for types too. */
const imported = new Map();
for (const [name, allowed] of Object.entries(MAY_IMPORT)) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const required = Object.keys(manifest.dependencies ?? {});
  const optional = Object.keys(manifest.peerDependencies ?? {});
  for (const file of sources(join(folder, 'src'))) {
    imported.set(file, []);
    for (const found of imports(readFileSync(file, 'utf8')))
      check(file, found, { name, folder, allowed, required, optional });
  }
}

for (const circle of circles())
  violations.push(`import each other in a circle: ${circle.map((file) => relative(root, file)).join(' -> ')}`);

if (violations.length > 0) {
  console.error(violations.join('\n'));
  console.error(`${violations.length} imports break the layer rules of docs/architecture.md.`);
  process.exit(1);
}
console.log(`layers: ${imported.size} files keep the rules`);

function check(file, { specifier, kind }, pkg) {
  const bad = (why) => violations.push(`${relative(root, file)}: imports '${specifier}': ${why}`);
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(file), specifier);
    if (!target.startsWith(join(pkg.folder, 'src'))) bad('a relative import leaves the package');
    imported.get(file).push(target.replace(/\.js$/, '.ts'));
    return;
  }
  if (specifier.startsWith('#')) return;
  if (specifier.startsWith('node:')) {
    if (pkg.name !== 'adapters' && !file.endsWith('.node.ts')) bad('node modules only in *.node.ts and in adapters');
    return;
  }
  const parts = specifier.split('/');
  const dependency = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  if (dependency.startsWith('@millwright/')) {
    const other = dependency.slice('@millwright/'.length);
    if (!pkg.allowed.includes(other)) bad(`${pkg.name} may import ${pkg.allowed.join(', ') || 'no other package'}`);
    return;
  }
  if (pkg.required.includes(dependency)) return;
  if (!pkg.optional.includes(dependency)) bad(`not among the dependencies of @millwright/${pkg.name}`);
  else if (kind === 'static') bad('an optional peer is imported lazily: await import() or import type');
}

/** One circle for every import that leads back to a file from which it was reached. */
function circles() {
  const found = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file]);
    else if (!done.has(file)) {
      path.push(file);
      for (const next of imported.get(file) ?? []) visit(next);
      path.pop();
      done.add(file);
    }
  };
  for (const file of imported.keys()) visit(file);
  return found;
}

/** Module specifiers of a source text; comments are not code. */
function imports(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = [];
  for (const [, type, specifier] of code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*'([^']+)'/gm)) {
    found.push({ specifier, kind: type === undefined ? 'static' : 'type' });
  }
  for (const [, specifier] of code.matchAll(/^\s*import\s*'([^']+)'/gm)) found.push({ specifier, kind: 'static' });
  for (const [, specifier] of code.matchAll(/\bimport\(\s*(?:\/\*[^*]*\*\/\s*)?'([^']+)'/g))
    found.push({ specifier, kind: 'lazy' });
  return found;
}

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
