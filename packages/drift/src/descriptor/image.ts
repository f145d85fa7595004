import { invalidInput } from '@millwright/core';

/** Pixels as a canvas gives them (`ImageData`): red, green, blue, opacity, row by row. */
export interface ImagePixels {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What an image is like, without what it shows. */
export interface ImageDescriptor {
  readonly width: number;
  readonly height: number;
  /** width / height */
  readonly aspect: number;
  /** Mean luminance (Rec. 709), 0 to 1. */
  readonly luminance: number;
  /** Standard deviation of the luminance. */
  readonly contrast: number;
  /** Variance of the Laplacian of the luminance: low for blurred images. 0 below 3 × 3 pixels. */
  readonly sharpness: number;
  /** Mean saturation (HSV), 0 to 1. */
  readonly saturation: number;
  /** Entropy of the luminance in 256 steps, 0 to 8 bits. */
  readonly entropy: number;
  /** Share of pixels at the darkest or brightest step. */
  readonly clipped: number;
}

/** Describes an image in one pass over its pixels. @throws `input/invalid` for a buffer of another size */
export function describeImage({ data, width, height }: ImagePixels): ImageDescriptor {
  const pixels = width * height;
  if (!(pixels > 0) || data.length !== 4 * pixels)
    throw invalidInput('image', `${width} × ${height} pixels of 4 bytes`, `${data.length} bytes`);
  const luminance = new Float64Array(pixels);
  const histogram = new Uint32Array(256);
  let [sum, saturation] = [0, 0];
  for (let i = 0; i < pixels; i++) {
    const [red, green, blue] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
    const light = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
    luminance[i] = light;
    sum += light;
    histogram[Math.round(255 * light)]!++;
    const most = Math.max(red, green, blue);
    if (most > 0) saturation += (most - Math.min(red, green, blue)) / most;
  }
  const mean = sum / pixels;
  let [squares, entropy] = [0, 0];
  for (const light of luminance) squares += (light - mean) ** 2;
  for (const count of histogram) if (count > 0) entropy -= (count / pixels) * Math.log2(count / pixels);
  return {
    width,
    height,
    aspect: width / height,
    luminance: mean,
    contrast: Math.sqrt(squares / pixels),
    sharpness: laplacianVariance(luminance, width, height),
    saturation: saturation / pixels,
    entropy: Math.max(0, entropy),
    clipped: (histogram[0]! + histogram[255]!) / pixels,
  };
}

function laplacianVariance(light: Float64Array, width: number, height: number): number {
  let [count, mean, squares] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const value = light[at - width]! + light[at + width]! + light[at - 1]! + light[at + 1]! - 4 * light[at]!;
      const step = value - mean;
      mean += step / ++count;
      squares += step * (value - mean);
    }
  return count === 0 ? 0 : squares / count;
}
