import type { Manifest } from '../artifact/types.js';

/** A file that is not as it was signed. */
export interface BadFile {
  readonly path: string;
  /** `unsigned`: the model has the file, the signature does not list it. */
  readonly reason: 'missing' | 'changed' | 'unsigned';
}

/** What in the model is not what was signed. */
export function compareFiles(
  signed: ReadonlyMap<string, string>,
  { files }: Manifest,
  ignorePaths: readonly string[],
): readonly BadFile[] {
  const present = files.filter(({ path }) => !ignorePaths.some((each) => path === each || path.startsWith(`${each}/`)));
  // A model that is one file may have been signed without the file's name.
  const single = signed.size === 1 && present.length === 1 ? signed.get('.') : undefined;
  const expected = single === undefined ? signed : new Map([[present[0]!.path, single]]);
  const bad: BadFile[] = [];
  const seen = new Set<string>();
  for (const { path, digest } of present) {
    seen.add(path);
    const wanted = expected.get(path);
    if (wanted === undefined) bad.push({ path, reason: 'unsigned' });
    else if (digest !== `sha256:${wanted}`) bad.push({ path, reason: 'changed' });
  }
  for (const path of expected.keys()) if (!seen.has(path)) bad.push({ path, reason: 'missing' });
  return bad;
}
