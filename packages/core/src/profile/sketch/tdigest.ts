import { SketchReader } from './bytes.js';

/**
 * Reads a t-digest (Dunning 2019) in Apache DataSketches bytes (family 20), to take over what another system kept. New
 * quantile sketches are better begun as `kllSketch`, whose error is bounded. @throws `sketch/corrupt`
 */
export function readTDigest(bytes: Uint8Array, kind: 'float' | 'double'): TDigestReading {
  const reader = new SketchReader(bytes, 't-digest');
  const preamble = reader.u8();
  const serial = reader.u8();
  const family = reader.u8();
  if (preamble === 0 && serial === 0 && family === 0) return readReference(reader);
  if (family !== FAMILY || serial !== SERIAL) throw reader.corrupt(`family ${family}, serial version ${serial}`);
  const k = reader.u16();
  const flags = reader.u8();
  reader.u16();
  const number = () => (kind === 'float' ? reader.f32() : reader.f64());
  const short = (flags & (EMPTY | SINGLE)) !== 0;
  if (preamble !== (short ? 1 : 2)) throw reader.corrupt(`the preamble is ${preamble} longs`);
  if ((flags & EMPTY) !== 0) return reading(reader, k, Number.NaN, Number.NaN, []);
  if ((flags & SINGLE) !== 0) {
    const value = number();
    return reading(reader, k, value, value, [{ mean: value, weight: 1 }]);
  }
  const centroids = reader.u32();
  const buffered = reader.u32();
  const min = number();
  const max = number();
  const size = kind === 'float' ? 4 : 8;
  reader.need((2 * centroids + buffered) * size);
  const held: Centroid[] = [];
  for (let i = 0; i < centroids; i++) {
    const mean = number();
    held.push({ mean, weight: kind === 'float' ? reader.u32() : reader.count64('a weight') });
  }
  for (let i = 0; i < buffered; i++) held.push({ mean: number(), weight: 1 });
  return reading(reader, k, min, max, held);
}

/** A mean with the number of values behind it. */
export interface Centroid {
  readonly mean: number;
  readonly weight: number;
}

/** A t-digest that another system wrote. It answers; it cannot be updated. */
export interface TDigestReading {
  /** The writer's compression: more centroids are more exact. */
  readonly k: number;
  /** Values seen. */
  readonly weight: number;
  /** Exact extremes; `undefined` while empty. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** In order of their means, with what the writer had still buffered. */
  readonly centroids: readonly Centroid[];
  /** A value of about this rank, interpolated between the middles of neighbours; NaN while empty. */
  quantile(rank: number): number;
}

const FAMILY = 20;
const SERIAL = 1;
const EMPTY = 1;
const SINGLE = 2;

/** The layout of the reference implementation, big-endian: type 1 in doubles, type 2 in floats. */
function readReference(reader: SketchReader): TDigestReading {
  const type = reader.u8();
  const view = (length: number) => new DataView(Uint8Array.from(reader.bytes(length)).buffer);
  const f64 = () => view(8).getFloat64(0);
  const f32 = () => view(4).getFloat32(0);
  if (type !== 1 && type !== 2) throw reader.corrupt(`the reference layout is ${type}`);
  const min = f64();
  const max = f64();
  const number = type === 1 ? f64 : f32;
  const k = number();
  if (type === 2) reader.bytes(4);
  const count = type === 1 ? view(4).getUint32(0) : view(2).getUint16(0);
  reader.need(2 * count * (type === 1 ? 8 : 4));
  const held = Array.from({ length: count }, () => {
    const weight = number();
    return { mean: number(), weight };
  });
  return reading(reader, k, min, max, held);
}

function reading(reader: SketchReader, k: number, min: number, max: number, held: Centroid[]): TDigestReading {
  let weight = 0;
  for (const centroid of held) {
    if (!(centroid.weight >= 1) || !(centroid.mean >= min && centroid.mean <= max)) {
      throw reader.corrupt(`a centroid of ${centroid.weight} at ${centroid.mean} between ${min} and ${max}`);
    }
    weight += centroid.weight;
  }
  const centroids = held.sort((a, b) => a.mean - b.mean);
  return {
    k,
    weight,
    min: weight === 0 ? undefined : min,
    max: weight === 0 ? undefined : max,
    centroids,
    quantile: (rank) => (weight === 0 ? Number.NaN : interpolate(centroids, rank * weight, weight, min, max)),
  };
}

function interpolate(centroids: readonly Centroid[], target: number, weight: number, min: number, max: number): number {
  let place = 0;
  let value = min;
  let before = 0;
  for (const centroid of [...centroids, { mean: max, weight: 0 }]) {
    const middle = before + centroid.weight / 2;
    if (target <= middle) {
      return middle === place ? centroid.mean : value + ((centroid.mean - value) * (target - place)) / (middle - place);
    }
    place = middle;
    value = centroid.mean;
    before += centroid.weight;
  }
  return target > weight ? Number.NaN : max;
}
