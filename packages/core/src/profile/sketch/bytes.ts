import { isMillwrightError, MillwrightError } from '../../foundation/errors.js';

/** Reads little-endian fields of a sketch; every read is checked against the end of the bytes. */
export class SketchReader {
  readonly family: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array, family: string) {
    this.family = family;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Moves to an absolute position. */
  seek(at: number): void {
    if (at > this.#bytes.length) throw this.truncated(at - this.#bytes.length);
    this.#at = at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** An unsigned 64-bit count. Beyond 2^53 it could not be added up exactly, so it is refused. */
  count64(name: string): number {
    const low = this.u32();
    const value = this.u32() * 2 ** 32 + low;
    if (value > Number.MAX_SAFE_INTEGER) throw this.corrupt(`${name} is ${value}, more than 2^53`);
    return value;
  }

  /** The next bytes, not copied. */
  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** The next bytes as UTF-8 text. */
  text(length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes(length));
    } catch (cause) {
      throw isMillwrightError(cause) ? cause : this.corrupt('a string is not UTF-8');
    }
  }

  /** Fails early when fewer bytes are left: called before anything of that size is allocated. */
  need(length: number): void {
    if (length > this.left) throw this.truncated(length - this.left);
  }

  corrupt(reason: string): MillwrightError<'sketch/corrupt'> {
    return new MillwrightError('sketch/corrupt', `These bytes are not a ${this.family} sketch: ${reason}.`, {
      details: { family: this.family, reason },
    });
  }

  truncated(missing: number): MillwrightError<'sketch/corrupt'> {
    return this.corrupt(`they end ${missing} bytes early`);
  }

  #take(length: number): number {
    this.need(length);
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

/** Bytes of a stated length with a view to fill them, little-endian. */
export function sketchBytes(length: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Writes an unsigned 64-bit count below 2^53. */
export function setCount64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
