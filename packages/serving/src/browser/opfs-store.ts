import type { DeviceStore, ExpectedPiece, PieceBatch } from './device-store.js';
import { layOut, PACKED_NAME, type Slot, tableLength, writtenSlots } from './opfs-pack.js';

/**
 * A folder of the origin's private file system. In a dedicated worker the pieces of a download share one file (a pack),
 * because opening a file for each takes longer than writing it; elsewhere, and for single pieces, a file each.
 */
export async function opfsStore(name: string): Promise<DeviceStore> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  const packs = await readPacks(folder);

  /** The piece in the pack that has it; of two tabs that downloaded at once, either's. */
  async function packed(piece: string): Promise<Blob | undefined> {
    for (const [file, { slots, whole }] of packs) {
      const slot = slots.get(piece);
      if (slot !== undefined) return (whole ?? (await fileOf(folder, file))).slice(slot.at, slot.at + slot.size);
    }
    return undefined;
  }

  return {
    kind: 'opfs',
    async get(piece) {
      const found = (await packed(piece)) ?? (await fileOf(folder, piece).catch(absent));
      return found && new Uint8Array(await found.arrayBuffer());
    },
    async put(piece, bytes) {
      const handle: FileSystemFileHandle & SyncAccess = await folder.getFileHandle(piece, { create: true });
      const access = await handle.createSyncAccessHandle?.();
      if (access === undefined) {
        const target = await handle.createWritable();
        await target.write(new Uint8Array(bytes));
        await target.close();
        return;
      }
      try {
        access.truncate(0);
        access.write(bytes, { at: 0 });
      } finally {
        access.close();
      }
    },
    async batch(pieces) {
      const packed = pieces.length > 1 && pieces.every((piece) => piece.name.length === PACKED_NAME);
      return packed && 'createSyncAccessHandle' in FileSystemFileHandle.prototype
        ? await writePack(folder, pieces, packs)
        : undefined;
    },
    async delete(piece) {
      for (const [file, { slots }] of packs) {
        // A pack whose last piece goes away goes with it.
        if (slots.delete(piece) && slots.size === 0) await forget(folder, file, packs);
      }
      await folder.removeEntry(piece).catch(absent);
    },
    async names() {
      const found = new Set<string>();
      for (const { slots } of packs.values()) for (const piece of slots.keys()) found.add(piece);
      for await (const file of folder.keys()) if (!file.startsWith(PACK)) found.add(file);
      return [...found];
    },
  };
}

const PACK = 'pack-';
/** Enough for the table of a gigabyte. */
const HEAD_BYTES = 2 ** 17;
const WRITTEN = Uint8Array.of(1);

type Packs = Map<string, Pack>;

interface Pack {
  readonly slots: Map<string, Slot>;
  /** As it was when this visit began; undefined of one that is written now. */
  readonly whole: Blob | undefined;
}

async function fileOf(folder: FileSystemDirectoryHandle, file: string): Promise<Blob> {
  return await (await folder.getFileHandle(file)).getFile();
}

async function readPacks(folder: FileSystemDirectoryHandle): Promise<Packs> {
  const packs: Packs = new Map();
  const files: string[] = [];
  for await (const file of folder.keys()) if (file.startsWith(PACK)) files.push(file);
  for (const file of files) {
    // One that another tab writes just now may not be readable, and is that tab's.
    const pack = await fileOf(folder, file)
      .then(readPack)
      .catch(() => undefined);
    if (pack === undefined) continue;
    packs.set(file, pack);
    if (pack.slots.size === 0) await forget(folder, file, packs);
  }
  return packs;
}

async function readPack(whole: Blob): Promise<Pack> {
  const bytes = async (end: number) => new Uint8Array(await whole.slice(0, end).arrayBuffer());
  const head = await bytes(HEAD_BYTES);
  const length = tableLength(head) ?? 0;
  if (length > whole.size) return { slots: new Map(), whole };
  return { slots: writtenSlots(length > head.length ? await bytes(length) : head.slice(0, length)), whole };
}

/** Every piece is in the file when its `put` is done, and is found by the next visit however this one ends. */
async function writePack(
  folder: FileSystemDirectoryHandle,
  pieces: readonly ExpectedPiece[],
  packs: Packs,
): Promise<PieceBatch> {
  const file = `${PACK}${crypto.randomUUID()}`;
  const handle: FileSystemFileHandle & SyncAccess = await folder.getFileHandle(file, { create: true });
  const access = await handle.createSyncAccessHandle!();
  const { table, slots, size } = layOut(pieces);
  const written = new Map<string, Slot>();
  packs.set(file, { slots: written, whole: undefined });
  const write = (bytes: Uint8Array, at: number) => {
    if (access.write(bytes, { at }) < bytes.byteLength)
      throw new DOMException('The disk is full.', 'QuotaExceededError');
  };
  const close = async () => {
    access.close();
    if (written.size === 0) await forget(folder, file, packs);
  };
  try {
    // Asks for the room once, not whenever the file grows.
    access.truncate(size);
    write(table, 0);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async put(name, bytes) {
      const slot = slots.get(name)!;
      write(bytes, slot.at);
      write(WRITTEN, slot.mark);
      written.set(name, slot);
    },
    close,
  };
}

/** One that another tab has open stays, and is found by the next visit. */
async function forget(folder: FileSystemDirectoryHandle, file: string, packs: Packs): Promise<void> {
  packs.delete(file);
  await folder.removeEntry(file).catch(() => undefined);
}

/** Dedicated workers only, which TypeScript's library for pages does not know. */
interface SyncAccess {
  createSyncAccessHandle?(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array, options: { readonly at: number }): number;
    close(): void;
  }>;
}

function absent(error: unknown): undefined {
  if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
  throw error;
}
