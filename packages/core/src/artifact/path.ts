import { MillwrightError } from '../foundation/errors.js';

const MAX_PATH_BYTES = 1_024;
// Names that Windows gives to devices, with or without an extension.
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f\\:*?"<>|]/;

/**
 * Checks a logical path: relative, `/` between parts, and safe to unpack on every file system, though the library itself
 * never makes a storage path from it.
 * @throws `artifact/invalid`
 */
export function checkPath(path: unknown): asserts path is string {
  if (typeof path !== 'string') throw invalidArtifact(String(path), 'a path must be a text');
  if (path === '') throw invalidArtifact(path, 'the path is empty');
  if (!path.isWellFormed()) throw invalidArtifact(path, 'the path holds a lone surrogate');
  if (new TextEncoder().encode(path).byteLength > MAX_PATH_BYTES)
    throw invalidArtifact(path, `the path is longer than ${MAX_PATH_BYTES} bytes`);
  if (path.startsWith('/')) throw invalidArtifact(path, 'the path is absolute');
  if (FORBIDDEN.test(path)) throw invalidArtifact(path, 'the path holds a character that some file systems forbid');
  for (const part of path.split('/')) {
    if (part === '') throw invalidArtifact(path, 'the path has an empty part');
    if (part === '.' || part === '..') throw invalidArtifact(path, `the path has a \`${part}\` part`);
    if (part.endsWith('.') || part.endsWith(' ')) throw invalidArtifact(path, 'a part ends in a dot or a space');
    if (RESERVED.test(part)) throw invalidArtifact(path, `\`${part}\` is a device name on Windows`);
  }
}

/**
 * Checks that no two paths mean one file on a file system that folds case or Unicode forms, and that no file is also a folder.
 * @throws `artifact/invalid`
 */
export function checkCollisions(paths: Iterable<string>): void {
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const path of paths) {
    const folded = path.normalize('NFC').toLowerCase();
    const twin = files.get(folded) ?? folders.get(folded);
    if (twin !== undefined) throw invalidArtifact(path, `it collides with \`${twin}\``);
    files.set(folded, path);
    for (let end = folded.indexOf('/'); end >= 0; end = folded.indexOf('/', end + 1)) {
      const folder = folded.slice(0, end);
      const file = files.get(folder);
      if (file !== undefined) throw invalidArtifact(path, `it lies inside the file \`${file}\``);
      folders.set(folder, path);
    }
  }
}

export function invalidArtifact(path: string, reason: string): MillwrightError<'artifact/invalid'> {
  const shown = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  return new MillwrightError('artifact/invalid', `The artifact's file \`${shown}\` is refused: ${reason}.`, {
    details: { path, reason },
  });
}
