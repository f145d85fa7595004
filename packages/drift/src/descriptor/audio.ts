import { invalidInput } from '@millwright/core';

/** One channel of samples between -1 and 1 (`AudioBuffer.getChannelData`). */
export interface AudioSamples {
  readonly samples: Float32Array | Float64Array;
  /** In hertz. */
  readonly sampleRate: number;
}

/** What a recording is like, without what it says. */
export interface AudioDescriptor {
  readonly seconds: number;
  readonly sampleRate: number;
  /** Root mean square. */
  readonly loudness: number;
  readonly peak: number;
  /** Share of samples at full scale. */
  readonly clipped: number;
  /** Share of frames below -60 dB of full scale. */
  readonly silence: number;
  /** Sign changes per second. */
  readonly zeroCrossings: number;
  /** Centre of mass of the power spectrum in hertz; NaN for silence. */
  readonly centroid: number;
  /** Below this frequency lie 85 % of the power; NaN for silence. */
  readonly rolloff: number;
  /** Geometric over arithmetic mean of the power: 1 for white noise, near 0 for a tone; NaN for silence. */
  readonly flatness: number;
}

/**
 * Describes a recording in frames of 1,024 samples with a Hann window. What does not fill a frame counts for loudness, not
 * for the spectrum. @throws `input/invalid` for no samples, a rate that is not positive, or a sample that is not finite
 */
export function describeAudio({ samples, sampleRate }: AudioSamples): AudioDescriptor {
  if (!(sampleRate > 0)) throw invalidInput('sampleRate', 'hertz above 0', sampleRate);
  if (samples.length === 0) throw invalidInput('samples', 'at least one sample', samples.length);
  let [squares, peak, clipped, crossings] = [0, 0, 0, 0];
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    squares += value * value;
    peak = Math.max(peak, Math.abs(value));
    if (Math.abs(value) >= FULL_SCALE) clipped++;
    if (i > 0 && value < 0 !== samples[i - 1]! < 0) crossings++;
  }
  if (!Number.isFinite(squares)) throw invalidInput('samples', 'finite numbers', squares);
  const seconds = samples.length / sampleRate;
  return {
    seconds,
    sampleRate,
    loudness: Math.sqrt(squares / samples.length),
    peak,
    clipped: clipped / samples.length,
    silence: silentShare(samples),
    zeroCrossings: crossings / seconds,
    ...spectrum(powerOf(samples), sampleRate),
  };
}

const FRAME = 1_024;
const FULL_SCALE = 0.999;
/** -60 dB as mean square. */
const SILENT = 1e-6;

function silentShare(samples: ArrayLike<number>): number {
  let [frames, silent] = [0, 0];
  for (let start = 0; start < samples.length; start += FRAME) {
    const end = Math.min(samples.length, start + FRAME);
    let squares = 0;
    for (let i = start; i < end; i++) squares += samples[i]! ** 2;
    frames++;
    if (squares / (end - start) < SILENT) silent++;
  }
  return silent / frames;
}

/** Mean power per frequency bin over all whole frames. */
function powerOf(samples: ArrayLike<number>): Float64Array {
  const power = new Float64Array(FRAME / 2);
  const real = new Float64Array(FRAME);
  const imaginary = new Float64Array(FRAME);
  for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
    for (let i = 0; i < FRAME; i++) real[i] = samples[start + i]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FRAME));
    imaginary.fill(0);
    fourier(real, imaginary);
    for (let k = 0; k < power.length; k++) power[k]! += real[k]! ** 2 + imaginary[k]! ** 2;
  }
  return power;
}

function spectrum(power: Float64Array, sampleRate: number): Pick<AudioDescriptor, 'centroid' | 'rolloff' | 'flatness'> {
  const total = power.reduce((sum, value) => sum + value, 0);
  if (total === 0) return { centroid: Number.NaN, rolloff: Number.NaN, flatness: Number.NaN };
  const hertz = sampleRate / FRAME;
  let [moment, logs, below, rolloff] = [0, 0, 0, 0];
  for (let k = 0; k < power.length; k++) {
    moment += k * power[k]!;
    logs += Math.log(power[k]! + total * Number.EPSILON);
    if (below < 0.85 * total) rolloff = k;
    below += power[k]!;
  }
  return {
    centroid: (hertz * moment) / total,
    rolloff: hertz * rolloff,
    flatness: Math.min(1, (Math.exp(logs / power.length) * power.length) / total),
  };
}

/** Discrete Fourier transform in place, length a power of two (Cooley and Tukey, radix 2). */
function fourier(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [real[i], real[j]] = [real[j]!, real[i]!];
    [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      for (let start = 0; start < n; start += size) {
        const [a, b] = [start + k, start + k + half];
        const re = real[b]! * cos - imaginary[b]! * sin;
        const im = real[b]! * sin + imaginary[b]! * cos;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a]! += re;
        imaginary[a]! += im;
      }
    }
  }
}
