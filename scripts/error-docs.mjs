// Writes docs/errors.md from the union of error codes. `--check` only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const page = join(root, 'docs/errors.md');
const source = readFileSync(join(root, 'packages/core/src/foundation/errors.ts'), 'utf8');
const union = source.slice(source.indexOf('export interface ErrorDetails {'), source.indexOf('export type ErrorCode'));

/** A comment, a code, and the fields of its details up to the next blank or comment line. */
const codes = union
  .split(/^ {2}\/\*\*/m)
  .slice(1)
  .map((part) => {
    const [comment, rest = ''] = part.split(/ *\*\/\n/);
    const [, family, name] = /^ {2}'([a-z-]+)\/([a-z0-9-]+)': /.exec(rest) ?? fail(part);
    // Fields of fields are written without `readonly` in front of the line or the brace.
    const details = [...rest.replace(/readonly \{[^}]*\}/g, '').matchAll(/readonly (\w+)\??:/g)].map(
      ([, field]) => field,
    );
    const [said, todo = fail(`${family}/${name} does not say what to do`)] = comment
      .replace(/\s*\n\s*\* ?/g, ' ')
      .replaceAll('|', '\\|')
      .trim()
      .split(' Do: ');
    return { family, code: `${family}/${name}`, said, todo, details };
  });
const listed = (union.match(/^ {2}'/gm) ?? []).length;
if (codes.length !== listed) fail(`${listed} codes are declared, ${codes.length} have a comment`);

const families = [...new Set(codes.map(({ family }) => family))];
const text = `# Errors

Everything that Millwright throws is a \`MillwrightError\`. Its \`code\` says what happened and does not change between versions, its \`details\` hold
the facts, and its \`message\` says what was expected, what came and what to do. Test for it with \`isMillwrightError(error, code)\`, which also
knows errors of another copy of the library. Where one error is only the sign of a larger trouble, the [runbooks](runbooks.md) go on.

\`\`\`ts
import { isMillwrightError } from '@millwright/core';
import { memoryStorage } from '@millwright/core/storage';
import { openRegistry } from '@millwright/registry';

const registry = await openRegistry(memoryStorage(), { actor: 'maria' });
try {
  registry.models.version('spam@1');
} catch (error) {
  if (isMillwrightError(error, 'state/not-found')) console.log(error.details.what, error.details.id);
}
\`\`\`

\`\`\`text
model version spam@1
\`\`\`

${families.map(section).join('\n\n')}

This page is written by \`node scripts/error-docs.mjs\`.
`;

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/errors.md is not what scripts/error-docs.mjs would write');
  process.exitCode = 1;
}

function section(family) {
  const entries = codes
    .filter((each) => each.family === family)
    .map(({ code, said, todo, details }) =>
      [
        `### \`${code}\``,
        '',
        said,
        '',
        `**What to do.** ${todo[0].toUpperCase()}${todo.slice(1)}`,
        '',
        `*Details*: ${details.map((d) => `\`${d}\``).join(' ')}`,
      ].join('\n'),
    );
  return [`## ${family}`, ...entries].join('\n\n');
}

function fail(what) {
  throw new Error(`packages/core/src/foundation/errors.ts: ${what}`);
}
