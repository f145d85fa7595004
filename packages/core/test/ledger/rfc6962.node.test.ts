import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extendsTree, includes } from '@millwright/core/ledger';
import { expect, test } from 'vitest';

/** A folder with `rfc6962/`: the `testdata` of transparency-dev/merkle. Not shipped; our own vectors are in merkle.test.ts. */
const folder = join(process.env['MILLWRIGHT_PUBLIC_DATA'] ?? '', 'rfc6962');
const absent = process.env['MILLWRIGHT_PUBLIC_DATA'] === undefined || !existsSync(folder);

const files = (kind: string) =>
  readdirSync(join(folder, kind), { recursive: true, withFileTypes: true })
    .filter((file) => file.name.endsWith('.json'))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));

const hash = (base64: string | null) => new Uint8Array(Buffer.from(base64 ?? '', 'base64'));

test.skipIf(absent)('agrees with the 98 inclusion vectors', () => {
  const vectors = files('inclusion').map((text) => JSON.parse(text));
  expect(vectors).toHaveLength(98);
  for (const { leafIdx, treeSize, root, leafHash, proof, wantErr, desc } of vectors) {
    const path = (proof ?? []).map(hash);
    expect(
      includes({ index: leafIdx, size: treeSize, leaf: hash(leafHash), path, root: hash(root) }),
      `${desc} ${leafIdx}/${treeSize}`,
    ).toBe(!wantErr);
  }
});

test.skipIf(absent)('agrees with the 98 consistency vectors', () => {
  const vectors = files('consistency').map((text) => JSON.parse(text));
  expect(vectors).toHaveLength(98);
  for (const { size1, size2, root1, root2, proof, wantErr, desc } of vectors) {
    const path = (proof ?? []).map(hash);
    expect(
      extendsTree({ first: size1, firstRoot: hash(root1), second: size2, secondRoot: hash(root2), path }),
      `${desc} ${size1}/${size2}`,
    ).toBe(!wantErr);
  }
});
