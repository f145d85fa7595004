/** 0 nothing, 1 warning, 2 drift. */
export type Signal = 0 | 1 | 2;

/** Which change of the mean counts. */
export type Direction = 'up' | 'down' | 'both';

/** A change detector over a stream of numbers: fixed memory, no allocation per value. After a drift it starts anew. */
export interface Detector {
  readonly id: string;
  /** Takes the next value. @throws `input/invalid` for NaN and infinities, which would poison every later answer */
  update(value: number): Signal;
  /**
   * Takes many values at once and returns how often there was drift; `at` receives the positions (as many as fit).
   *
   * @throws `input/invalid` for NaN and infinities, before any value is taken
   */
  updateBatch(values: Float64Array, at?: Uint32Array): number;
  /** Forgets everything. */
  reset(): void;
  /** The whole state as bytes; `restore` of the same kind continues exactly here. */
  snapshot(): Uint8Array;
}

/** A family of detectors. Implement it, or use `defineDetector`, and prove it with the conformance suite. */
export interface DetectorKind<O> {
  readonly id: string;
  /** The option that `calibrate` turns, if the detector has one. */
  readonly knob?: Knob | undefined;
  /** @throws `input/invalid` */
  init(options?: O): Detector;
  /** @throws `drift/state` for bytes of another kind, of another version, or damaged ones */
  restore(snapshot: Uint8Array): Detector;
}

/** An option that trades false alarms for delay: runs without change grow from `from` to `to`, of which one may be the smaller. */
export interface Knob {
  readonly option: string;
  readonly from: number;
  readonly to: number;
}
