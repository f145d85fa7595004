import type { Json } from '../foundation/canonical-json.js';
import type { SetAside, SnapshotPart } from './types.js';

/**
 * Values by key, for the state of a projection that grows large. A fork costs one entry per key and copies a value when
 * one of the two sides changes it first; from a checkpoint a value is parsed when somebody asks for it. Keys keep the
 * order in which they were set.
 */
export interface ShardMap<V> {
  readonly size: number;
  has(key: string): boolean;
  /** The value, to look at. */
  get(key: string): V | undefined;
  /** The value, to change in place: forks keep what it was. */
  change(key: string): V | undefined;
  set(key: string, value: V): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<V>;
  /** A map that goes its own way from here. */
  fork(): ShardMap<V>;
  /** For `ProjectionSnapshot.encode`; `shardMapFrom` reads it. */
  encode(aside: SetAside): Json;
}

/** How values of a `ShardMap` become JSON, and come back. */
export interface ShardCodec<V> {
  encode(value: V): Json;
  /** @param json what `encode` gave */
  decode(json: unknown): V;
  /** An independent copy. Default by way of `encode`. */
  copy?(value: V): V;
}

/** An empty map. */
export function shardMap<V>(codec: ShardCodec<V>): ShardMap<V> {
  return new Shards(codec, new Map());
}

/** The map of what `encode` gave. @param part as `ProjectionSnapshot.decode` got it */
export function shardMapFrom<V>(
  codec: ShardCodec<V>,
  json: unknown,
  part: (reference: Json) => SnapshotPart,
): ShardMap<V> {
  const rows = json as readonly (readonly [string, Json])[];
  return new Shards(
    codec,
    new Map(rows.map(([key, reference]): [string, Shard<V>] => [key, { part: part(reference) }])),
  );
}

/** A value that is here, or is still a part of a checkpoint, or is still the same as in the map that this one was forked from. */
interface Shard<V> {
  value?: V;
  part?: SnapshotPart | undefined;
  origin?: Shard<V> | undefined;
}

class Shards<V> implements ShardMap<V> {
  readonly #codec: ShardCodec<V>;
  readonly #shards: Map<string, Shard<V>>;
  /** Held weakly: a fork that nobody uses any more costs nothing. */
  #forks: WeakRef<Shards<V>>[] = [];

  constructor(codec: ShardCodec<V>, shards: Map<string, Shard<V>>) {
    this.#codec = codec;
    this.#shards = shards;
  }

  get size(): number {
    return this.#shards.size;
  }

  has(key: string): boolean {
    return this.#shards.has(key);
  }

  get(key: string): V | undefined {
    const shard = this.#shards.get(key);
    return shard && this.#look(shard);
  }

  change(key: string): V | undefined {
    const shard = this.#shards.get(key);
    if (shard === undefined) return undefined;
    for (const fork of this.#living()) fork.#detach(key, shard);
    this.#own(shard);
    shard.part = undefined;
    return shard.value;
  }

  set(key: string, value: V): void {
    const shard = this.#shards.get(key);
    if (shard !== undefined) for (const fork of this.#living()) fork.#detach(key, shard);
    this.#shards.set(key, { value });
  }

  keys(): IterableIterator<string> {
    return this.#shards.keys();
  }

  *values(): IterableIterator<V> {
    for (const shard of this.#shards.values()) yield this.#look(shard);
  }

  fork(): ShardMap<V> {
    const shards = new Map<string, Shard<V>>();
    for (const [key, shard] of this.#shards) shards.set(key, { origin: shard });
    const fork = new Shards(this.#codec, shards);
    this.#forks = [...this.#living().map((living) => new WeakRef(living)), new WeakRef(fork)];
    return fork;
  }

  encode(aside: SetAside): Json {
    return Array.from(this.#shards, ([key, shard]): Json => [key, aside(this.#piece(shard))]);
  }

  #piece({ part, origin, ...own }: Shard<V>): Json | SnapshotPart {
    if (part !== undefined) return part;
    return origin === undefined ? this.#codec.encode(own.value as V) : this.#piece(origin);
  }

  #look(shard: Shard<V>): V {
    if (shard.origin !== undefined) return this.#look(shard.origin);
    if (!('value' in shard)) shard.value = this.#codec.decode(shard.part!.json());
    return shard.value as V;
  }

  /** Takes the value over from the map that this one was forked from. */
  #own(shard: Shard<V>): void {
    const value = this.#look(shard);
    if (shard.origin === undefined) return;
    const { copy, encode, decode } = this.#codec;
    shard.value = copy === undefined ? decode(encode(value)) : copy(value);
    shard.origin = undefined;
  }

  /** Called before `origin` changes. */
  #detach(key: string, origin: Shard<V>): void {
    const shard = this.#shards.get(key);
    if (shard?.origin === origin) this.#own(shard);
  }

  #living(): Shards<V>[] {
    return this.#forks.map((fork) => fork.deref()).filter((fork) => fork !== undefined);
  }
}
