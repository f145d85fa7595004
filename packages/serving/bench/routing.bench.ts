import { championPolicy, compilePolicy, murmur3, ramp, route } from '../src/routing/index.js';

/** Nanoseconds per decision, beside hashing the whole `salt:unit` text each time. */
const policy = compilePolicy(ramp(championPolicy({ salt: '01JD0Z6B7Q8R9S0T1V2W3X4Y5Z' }), { challenger: 0.05 }));
const ids = Array.from({ length: 4096 }, (_, i) => `user-${i}`.padEnd(20, 'x'));
const uuids = Array.from({ length: 4096 }, () => crypto.randomUUID());

for (const [name, units] of [
  ['20 characters', ids],
  ['UUID', uuids],
] as const) {
  const routed = time(units, (unit) => route(policy, unit).share);
  const whole = time(units, (unit) => murmur3(`${policy.salt}:${unit}`));
  console.log(`${name}: route ${routed.toFixed(0)} ns, murmur3 of the joined text ${whole.toFixed(0)} ns`);
}

function time(units: readonly string[], work: (unit: string) => number): number {
  const rounds = 500;
  let sink = 0;
  for (let round = 0; round < 20; round++) for (const unit of units) sink += work(unit);
  const start = performance.now();
  for (let round = 0; round < rounds; round++) for (let i = 0; i < units.length; i++) sink += work(units[i]!);
  const ns = ((performance.now() - start) * 1e6) / (rounds * units.length);
  if (Number.isNaN(sink)) throw new TypeError('not a number');
  return ns;
}
