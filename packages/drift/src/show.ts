/** A figure for people: three significant digits. */
export function show(value: number): string {
  return Number.isNaN(value) ? 'unknown' : String(Number(value.toPrecision(3)));
}

/** `12.3 %` */
export function showShare(share: number): string {
  return `${show(100 * share)} %`;
}

/** `p = 0.031`, `p = 1.2e-9`, `p below 1e-300` */
export function showP(p: number | undefined): string {
  if (p === undefined || Number.isNaN(p)) return 'no p-value';
  return p < 1e-300 ? 'p below 1e-300' : `p = ${p < 1e-3 ? p.toExponential(1) : p.toPrecision(2)}`;
}
