import type { Tensor, TensorMap } from '@millwright/serving/tensor';

/** What the service is asked: will this flight leave late? Distances are in statute miles. */
export interface FlightQuestion {
  readonly hour: number;
  readonly weekday: number;
  readonly miles: number;
  readonly origin: string;
  readonly destination: string;
}

/**
 * A feature set: each flight becomes a few codes into one table of weights and one number. Written once and used by
 * training (offline) and by serving (online), so that the two cannot differ. Airports are hashed into buckets: a new
 * airport needs no new model.
 */
export interface FeatureSet {
  readonly name: string;
  /** Codes per flight. */
  readonly codes: number;
  /** Size of the weight table that they index. */
  readonly vocabulary: number;
  /** Writes the codes of one flight at `at`. `origin` and `destination` are airport hashes. */
  write(
    out: Int32Array,
    at: number,
    hour: number,
    weekday: number,
    miles: number,
    origin: number,
    destination: number,
  ): void;
}

const AIRPORTS = 256;
const CROSSES = 8_192;

/** Hour, weekday, hashed airports. */
export const CALENDAR: FeatureSet = {
  name: 'calendar',
  codes: 4,
  vocabulary: 24 + 7 + 2 * AIRPORTS,
  write(out, at, hour, weekday, _miles, origin, destination) {
    out[at] = hour;
    out[at + 1] = 24 + weekday;
    out[at + 2] = 31 + (origin % AIRPORTS);
    out[at + 3] = 31 + AIRPORTS + (destination % AIRPORTS);
  },
};

/** The calendar, and what it means in one place: hour by weekday, hour at the origin, the route. */
export const ROUTES: FeatureSet = {
  name: 'routes',
  codes: 7,
  vocabulary: CALENDAR.vocabulary + 168 + 2 * CROSSES,
  write(out, at, hour, weekday, miles, origin, destination) {
    CALENDAR.write(out, at, hour, weekday, miles, origin, destination);
    let block = CALENDAR.vocabulary;
    out[at + 4] = block + weekday * 24 + hour;
    block += 168;
    out[at + 5] = block + (mix(Math.imul(origin, 31) + hour) % CROSSES);
    block += CROSSES;
    out[at + 6] = block + (mix(Math.imul(origin, 33) ^ destination) % CROSSES);
  },
};

/** The calendar, hour at the origin, and hour by exact distance: in miles, the distance nearly names the route. */
export const DISTANCES: FeatureSet = {
  name: 'distances',
  codes: 6,
  vocabulary: CALENDAR.vocabulary + CROSSES + 2 * CROSSES,
  write(out, at, hour, weekday, miles, origin, destination) {
    CALENDAR.write(out, at, hour, weekday, miles, origin, destination);
    let block = CALENDAR.vocabulary;
    out[at + 4] = block + (mix(Math.imul(origin, 31) + hour) % CROSSES);
    block += CROSSES;
    out[at + 5] = block + (mix(Math.round(miles) * 32 + hour) % (2 * CROSSES));
  },
};

export const FEATURE_SETS: Readonly<Record<string, FeatureSet>> = {
  calendar: CALENDAR,
  routes: ROUTES,
  distances: DISTANCES,
};

/** Distances enter as thousands of miles around their mean. */
export const scaleMiles = (miles: number): number => miles / 1_000 - 0.7;

/** The feeds of the ONNX graph for a batch of questions, see `toOnnx`. */
export function encode(features: FeatureSet, questions: readonly FlightQuestion[], milesFactor = 1): TensorMap {
  const rows = questions.length;
  const codes = new Int32Array(rows * features.codes);
  const miles = new Float32Array(rows);
  const weekday = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const q = questions[i]!;
    const distance = q.miles * milesFactor;
    features.write(
      codes,
      i * features.codes,
      q.hour,
      q.weekday,
      distance,
      airportHash(q.origin),
      airportHash(q.destination),
    );
    miles[i] = scaleMiles(distance);
    weekday[i] = q.weekday;
  }
  return new Map<string, Tensor>([
    ['codes', { dtype: 'int32', dims: [rows, features.codes], data: codes }],
    ['miles', { dtype: 'float32', dims: [rows, 1], data: miles }],
    ['weekday', { dtype: 'int32', dims: [rows, 1], data: weekday }],
  ]);
}

const hashes = new Map<string, number>();

/** FNV-1a over the airport's letters, mixed; remembered, because there are few airports. */
export function airportHash(airport: string): number {
  let hash = hashes.get(airport);
  if (hash === undefined) {
    hash = 0x811c9dc5;
    for (let i = 0; i < airport.length; i++) hash = Math.imul(hash ^ airport.charCodeAt(i), 0x01000193);
    hash = mix(hash);
    hashes.set(airport, hash);
  }
  return hash;
}

/** The finaliser of murmur3: every input bit reaches every output bit. Unsigned 32 bits. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
