/** CPython's `random.Random(seed)`: the Mersenne Twister, so that streams of Python documentation can be had again. */
export function pythonRandom(seed: number): { random(): number; gauss(mean: number, deviation: number): number } {
  const words = new Uint32Array(624);
  words[0] = 19_650_218;
  const mixed = (i: number) => words[i - 1]! ^ (words[i - 1]! >>> 30);
  for (let i = 1; i < 624; i++) words[i] = Math.imul(1_812_433_253, mixed(i)) + i;
  let i = 1;
  for (let k = 0; k < 624; k++) {
    words[i] = (words[i]! ^ Math.imul(mixed(i), 1_664_525)) + seed;
    if (++i === 624) {
      words[0] = words[623]!;
      i = 1;
    }
  }
  for (let k = 0; k < 623; k++) {
    words[i] = (words[i]! ^ Math.imul(mixed(i), 1_566_083_941)) - i;
    if (++i === 624) {
      words[0] = words[623]!;
      i = 1;
    }
  }
  words[0] = 0x80000000;
  let used = 624;
  const next = () => {
    if (used === 624) {
      for (let k = 0; k < 624; k++) {
        const y = (words[k]! & 0x80000000) | (words[(k + 1) % 624]! & 0x7fffffff);
        words[k] = words[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      used = 0;
    }
    let y = words[used++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  const random = () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
  let kept: number | undefined;
  return {
    random,
    gauss(mean, deviation) {
      let z = kept;
      kept = undefined;
      if (z === undefined) {
        const angle = random() * 2 * Math.PI;
        const radius = Math.sqrt(-2 * Math.log(1 - random()));
        z = Math.cos(angle) * radius;
        kept = Math.sin(angle) * radius;
      }
      return mean + z * deviation;
    },
  };
}
