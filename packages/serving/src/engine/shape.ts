/**
 * The length to pad a sequence or an image side to, so that few lengths occur: four for each power of two, and up to 16
 * the length itself. Less than 20 % of a padded length is padding.
 */
export function paddedLength(length: number): number {
  if (length <= 16) return length;
  const step = 2 ** (Math.floor(Math.log2(length - 1)) - 2);
  return Math.ceil(length / step) * step;
}
