const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The 16 bits of the IEEE 754 half nearest to `value`, ties to even. Too large becomes infinity, too small a subnormal or zero. */
export function toFloat16(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const mantissa = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const half = exponent - 127 + 15;
  if (half >= 31) return sign | 0x7c00;
  if (half >= 1) {
    // A carry out of the mantissa rightly raises the exponent.
    return sign | ((half << 10) + round(mantissa, 13));
  }
  if (half < -10) return sign;
  return sign | round(mantissa | 0x800000, 14 - half);
}

/** The number that 16 half-precision bits stand for. */
export function fromFloat16(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function round(mantissa: number, shift: number): number {
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept;
}
