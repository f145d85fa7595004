import { headerOf, longName, paxNames, refusedArchive, type TarHeader } from './tar-header.js';

/** A plain file in a tar archive. */
export interface TarFile {
  /** As the archive has it, without a leading `./`: nobody has looked where it leads. */
  readonly path: string;
  readonly size: number;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  /** Its bytes, until the next file is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * The plain files of a tar archive (POSIX ustar and pax, GNU's long names and large sizes, and what came before them), in
 * their order, in one read, of which no more than a header is held. Owners, modes, times and folders are passed over. Links,
 * devices, sparse files, checksums that do not hold and anything but zeros behind the end are refused; so is an archive
 * that has no end.
 *
 * @throws `artifact/invalid`
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile, void, undefined> {
  const input = reader(chunks);
  let names: Partial<TarHeader> = {};
  try {
    for (let block = await input.exactly(BLOCK); block.some(Boolean); block = await input.exactly(BLOCK)) {
      const { kind, path, size } = { ...headerOf(block), ...names };
      const offset = input.at();
      if (kind === 'x' || kind === 'g' || kind === 'L') {
        if (size > MAX_NAMES_BYTES) throw refusedArchive(path, `its header has ${size} bytes`);
        const bytes = await input.exactly(size);
        names = { ...names, ...(kind === 'L' ? longName(bytes) : paxNames(bytes, kind)) };
      } else {
        names = {};
        if (isFile(kind, path, size))
          yield { path: path.replace(/^\.\//, ''), size, offset, bytes: input.until(offset + size) };
      }
      await input.skip(offset + Math.ceil(size / BLOCK) * BLOCK);
    }
    for await (const part of input.until(Number.POSITIVE_INFINITY))
      if (part.some(Boolean)) throw refusedArchive('.', 'something follows its end');
  } finally {
    await input.close();
  }
}

/** A file, or a folder, which old archives write as a file whose path ends in a slash. @throws `artifact/invalid` */
function isFile(kind: string, path: string, size: number): boolean {
  const plain = kind === '0' || kind === '\0';
  if (plain && !path.endsWith('/')) return true;
  if (!plain && kind !== '5') throw refusedArchive(path, OTHER.get(kind) ?? 'it is no plain file');
  if (size > 0) throw refusedArchive(path, 'it is a folder with bytes');
  return false;
}

const BLOCK = 512;
/** Enough for the names, times and attributes of one file. */
const MAX_NAMES_BYTES = 64 * 1024;

const OTHER: ReadonlyMap<string, string> = new Map([
  ['1', 'it is a hard link'],
  ['2', 'it is a symbolic link'],
  ['3', 'it is a device'],
  ['4', 'it is a device'],
  ['6', 'it is a pipe'],
  ['K', 'it is a link'],
  ['S', 'it is a sparse file'],
]);

/** Bytes by position, whatever the chunks that they come in. */
function reader(chunks: AsyncIterable<Uint8Array>) {
  const source = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let at = 0;

  /** What comes before a position, as it comes; less where the input ends. */
  async function* until(end: number): AsyncGenerator<Uint8Array, void, undefined> {
    while (at < end) {
      while (rest.byteLength === 0) {
        const next = await source.next();
        if (next.done) return;
        rest = next.value;
      }
      const part = rest.subarray(0, end - at);
      rest = rest.subarray(part.byteLength);
      at += part.byteLength;
      yield part;
    }
  }

  async function exactly(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    const start = at;
    for await (const part of until(start + count)) bytes.set(part, at - start - part.byteLength);
    if (at < start + count) throw cutOff();
    return bytes;
  }

  async function skip(end: number): Promise<void> {
    for await (const _ of until(end));
    if (at < end) throw cutOff();
  }

  /** Lets go of an input that has not been read to its end. */
  const close = async () => void (await source.return?.());

  return { at: () => at, until, exactly, skip, close };
}

function cutOff() {
  return refusedArchive('.', 'it was cut off');
}
