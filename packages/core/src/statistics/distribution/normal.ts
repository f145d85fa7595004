/** Standard normal cdf. */
export function normalCdf(z: number): number {
  return normalSf(-z);
}

/** Standard normal survival function P(Z > z), relative error about 1e-15 (Cody 1969, as R's pnorm). */
export function normalSf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  const y = Math.abs(z);
  if (y <= CENTRE) return 0.5 - central(z);
  const tail = y > 40 ? 0 : Math.exp(logTail(y));
  return z > 0 ? tail : 1 - tail;
}

/** ln P(Z > z), finite for every finite z. */
export function normalLogSf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  const y = Math.abs(z);
  if (y <= CENTRE) return Math.log(0.5 - central(z));
  if (z > 0) return logTail(y);
  return Math.log1p(-normalSf(y));
}

/** The z with cdf(z) = p; ∓∞ at 0 and 1, NaN outside. Relative error about 1e-16 (Wichura 1988, AS 241 PPND16). */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(A, r)) / polynomial(B, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const z = r <= 5 ? polynomial(C, r - 1.6) / polynomial(D, r - 1.6) : polynomial(E, r - 5) / polynomial(F, r - 5);
  return q < 0 ? -z : z;
}

/** Φ(z) - ½ for |z| ≤ 0.67448975. */
function central(z: number): number {
  const s = z * z;
  let top = P1[4]! * s;
  let bottom = s;
  for (let i = 0; i < 3; i++) {
    top = (top + P1[i]!) * s;
    bottom = (bottom + Q1[i]!) * s;
  }
  return (z * (top + P1[3]!)) / (bottom + Q1[3]!);
}

/** ln P(Z > y) for y > 0.67448975. */
function logTail(y: number): number {
  if (y === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  let ratio: number;
  if (y <= SQRT_32) {
    let top = P2[8]! * y;
    let bottom = y;
    for (let i = 0; i < 7; i++) {
      top = (top + P2[i]!) * y;
      bottom = (bottom + Q2[i]!) * y;
    }
    ratio = (top + P2[7]!) / (bottom + Q2[7]!);
  } else {
    const s = 1 / (y * y);
    let top = P3[5]! * s;
    let bottom = s;
    for (let i = 0; i < 4; i++) {
      top = (top + P3[i]!) * s;
      bottom = (bottom + Q3[i]!) * s;
    }
    ratio = (ONE_OVER_SQRT_TWO_PI - (s * (top + P3[4]!)) / (bottom + Q3[4]!)) / y;
  }
  // y² in two parts, so that the large part is exact.
  const head = Math.trunc(y * 16) / 16;
  return -0.5 * head * head - 0.5 * (y - head) * (y + head) + Math.log(ratio);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

const CENTRE = 0.67448975;
const SQRT_32 = 5.656854249492381;
const ONE_OVER_SQRT_TWO_PI = 0.3989422804014327;

const P1 = [2.2352520354606837, 161.02823106855587, 1067.6894854603709, 18154.98125334356, 0.06568233791820745];
const Q1 = [47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673];
const P2 = [
  0.39894151208813466, 8.883149794388377, 93.50665613217785, 597.2702763948002, 2494.5375852903726, 6848.190450536283,
  11602.65143764735, 9842.714838383978, 1.0765576773720192e-8,
];
const Q2 = [
  22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761, 18615.571640885097, 34900.95272114598,
  38912.00328609327, 19685.429676859992,
];
const P3 = [
  0.215898534057957, 0.12740116116024736, 0.022235277870649807, 0.0014216191932278934, 2.9112874951168793e-5,
  0.023073441764940174,
];
const Q3 = [1.284260096144911, 0.4682382124808651, 0.06598813786892856, 0.0037823963320275824, 7.297515550839662e-5];

const A = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const B = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const C = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const D = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const E = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const F = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
  1.421511758316446e-7, 2.0442631033899397e-15,
];
