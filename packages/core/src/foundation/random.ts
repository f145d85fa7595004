/** Randomness as an argument. `next` is uniform on [0, 1) with 32 bits or more. */
export interface Random {
  next(): number;
}

/** The platform's random numbers, fit for keys and ids. */
export const systemRandom: Random = pooledRandom(1_024);

/** Asks the platform's generator for many words at once: one call costs as much as a hundred draws. */
function pooledRandom(words: number): Random {
  let pool: Uint32Array<ArrayBuffer> | undefined;
  let used = words;
  return {
    next() {
      pool ??= new Uint32Array(words);
      if (used === words) {
        crypto.getRandomValues(pool);
        used = 0;
      }
      return pool[used++]! / 2 ** 32;
    },
  };
}

/**
 * A reproducible generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 * The same seed gives the same sequence on every platform.
 */
export function seededRandom(seed: number): Random {
  let mix = seed | 0;
  const splitmix = () => {
    mix = (mix + 0x9e3779b9) | 0;
    let t = mix ^ (mix >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) | 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return { next };
}
