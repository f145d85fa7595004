/**
 * Small pieces by name, kept on this device between visits. The browser may evict it, another tab may change it:
 * whoever reads checks what comes. Names consist of `0-9`, `a-z` and `-`.
 */
export interface DeviceStore {
  readonly kind: 'opfs' | 'cache' | 'indexeddb' | 'memory';
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  delete(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
  /** Makes room for pieces that come together, where that is faster than a `put` for each; undefined where it is not. */
  batch?(pieces: readonly ExpectedPiece[]): Promise<PieceBatch | undefined>;
}

/** A piece that is to come. */
export interface ExpectedPiece {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** Where the pieces of one download go. What was put is kept, however the download ends. */
export interface PieceBatch {
  /** A piece that was expected. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** A store that forgets when the page closes, for tests and where a browser has none. */
export function memoryStore(): DeviceStore {
  const pieces = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    kind: 'memory',
    get: async (name) => pieces.get(name)?.slice(),
    put: async (name, bytes) => void pieces.set(name, new Uint8Array(bytes)),
    delete: async (name) => void pieces.delete(name),
    names: async () => [...pieces.keys()],
  };
}
