import { createHash } from 'node:crypto';
import { championPolicy, compilePolicy, ramp, route, routeRequest } from '../src/routing/index.js';

/**
 * Nanoseconds and bytes per routing decision, beside decisions hashed as GrowthBook, LaunchDarkly and Statsig hash theirs, in
 * turns; median of rounds. Needs --expose-gc for the bytes: the heap before and after ten million decisions, without a
 * collection between them.
 */
const ROUNDS = 9;
const DECISIONS = 10_000_000;
const salt = '01JD0Z6B7Q8R9S0T1V2W3X4Y5Z';
const policy = compilePolicy(ramp(championPolicy({ salt }), { challenger: 0.05 }));
const many = compilePolicy(
  ramp(championPolicy({ salt }), Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`arm-${i}`, 0.1]))),
);
const units = {
  '20 characters': Array.from({ length: 4096 }, (_, i) => `user-${i}`.padEnd(20, 'x')),
  UUID: Array.from({ length: 4096 }, () => crypto.randomUUID()),
};
const variations = [
  [0, 0.95],
  [0.95, 1],
] as const;

const schemes: Record<string, (unit: string) => number> = {
  'route, two arms': (unit) => route(policy, unit).share,
  'route, nine arms': (unit) => route(many, unit).share,
  'routeRequest, no overrides': (unit) => routeRequest(policy, { unit }).share,
  'GrowthBook-shaped: FNV-1a twice, ranges': (unit) => {
    const n = (fnv1a(String(fnv1a(salt + unit))) % 10_000) / 10_000;
    return variations.findIndex(([from, to]) => n >= from && n < to);
  },
  'LaunchDarkly-shaped: SHA-1, 60 bits': (unit) => {
    const hex = createHash('sha1').update(`flag.${salt}.${unit}`).digest('hex');
    return Number.parseInt(hex.slice(0, 15), 16) / 2 ** 60 < 0.95 ? 0 : 1;
  },
  'Statsig-shaped: SHA-256, 64 bits': (unit) => {
    const hash = createHash('sha256').update(`${salt}.rule.${unit}`).digest();
    return Number(hash.readBigUInt64BE() % 10_000n) < 9_500 ? 0 : 1;
  },
};

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

let sink = 0;
function run(ids: readonly string[], decide: (unit: string) => number, times: number): number {
  const startedAt = performance.now();
  let sum = 0;
  for (let i = 0; i < times; i++) sum += decide(ids[i & 4095]!);
  sink += sum;
  return ((performance.now() - startedAt) * 1e6) / times;
}

for (const [name, ids] of Object.entries(units)) {
  console.log(`${name}: median and best nanoseconds of ${ROUNDS} rounds`);
  const times = new Map(Object.keys(schemes).map((scheme) => [scheme, [] as number[]]));
  for (let round = 0; round <= ROUNDS; round++)
    for (const [scheme, decide] of Object.entries(schemes)) {
      const ns = run(ids, decide, scheme.startsWith('route') ? 1_000_000 : 100_000);
      if (round > 0) times.get(scheme)!.push(ns);
    }
  for (const [scheme, list] of times) {
    const sorted = list.toSorted((a, b) => a - b);
    console.log(
      `  ${scheme.padEnd(42)} ${sorted[ROUNDS >> 1]!.toFixed(0).padStart(6)} (best ${sorted[0]!.toFixed(0)})`,
    );
  }
}

/** The decisions alone, with a sum that stays in a register. */
function decide(ids: readonly string[], times: number): number {
  let sum = 0;
  for (let i = 0; i < times; i++) sum = (sum + route(policy, ids[i & 4095]!).epoch) | 0;
  return sum;
}

const collect = globalThis.gc;
if (collect === undefined) console.log('bytes: run with --expose-gc');
else
  for (const [name, ids] of Object.entries(units)) {
    for (let warm = 0; warm < 5; warm++) sink += decide(ids, 1_000_000);
    // The engine allocates now and then too, so the least of some rounds is what the decisions do.
    let grown = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      collect();
      const before = process.memoryUsage().heapUsed;
      sink += decide(ids, DECISIONS);
      grown = Math.min(grown, process.memoryUsage().heapUsed - before);
    }
    console.log(
      `${name}: heap ${grown} bytes larger after ${DECISIONS} decisions (${(grown / DECISIONS).toFixed(5)} each)`,
    );
  }
if (Number.isNaN(sink)) throw new TypeError('not a number');
