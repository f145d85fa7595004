import { seededRandom } from '@millwright/core';
import { type Contract, checkInput, column, defineContract } from '@millwright/core/contract';
import { mergeProfiles, profileTable } from '@millwright/core/profile';
import { tableFrom } from '@millwright/core/table';
import { createValidator, expect as data, validate } from '@millwright/core/validation';
import { distributions } from '@millwright/core/validation/distribution';
import { metrics } from '@millwright/core/validation/metric';
import { expect, test } from 'vitest';
import { bytesKept } from '../../../../test/support/memory.js';

const random = seededRandom(1);
let users = 0;

/** 200 rows (5,000 bytes and more), every one of a user who has never been seen before. */
const strangers = () =>
  tableFrom({
    user: Array.from({ length: 200 }, () => `user ${users++}`),
    euros: Float64Array.from({ length: 200 }, () => random.next() * 1_000),
  });
const reference = profileTable(strangers());
const suite = [
  data.column('user').matches('^user [0-9]+$'),
  data.column('user').in(['nobody']),
  data.column('euros').between(0, 500),
  data.column('euros').increasing(),
  data.metric('user', 'distinct', { min: 1 }),
  data.metric('euros', 'mean', { min: 0 }),
  data.distribution('euros', { max: 0.2, minRows: 4 }),
];

test('a profile and a validator that go on for ever do not grow with what they see', async () => {
  let profile = profileTable(strangers(), { reference });
  const merge = () => {
    profile = mergeProfiles(profile, profileTable(strangers(), { reference }));
  };
  // Measured: 77 bytes per table. Sketches reach their size in the first hundred.
  expect(await bytesKept(merge, 150)).toBeLessThan(1_500);

  const validator = createValidator(suite, { reference, distributions, metrics });
  // Measured: 20 bytes per table.
  expect(await bytesKept(() => validator.observe(strangers()), 150)).toBeLessThan(1_500);
});

test('checking keeps nothing of tables, of inputs, of expectations and of contracts that are gone', async () => {
  const judge = () => validate(strangers(), suite.slice(0, 4));
  // Measured: 22 bytes or less, as below.
  expect(await bytesKept(judge, 150)).toBeLessThan(1_500);
  const others = (call: number) =>
    validate(strangers(), [data.column('user').matches(`^user ${call}$`), data.column('user').in([`${call}`])]);
  expect(await bytesKept(others, 150)).toBeLessThan(1_500);
  const contracts = (call: number) => {
    const made: Contract = defineContract({
      inputs: { [`x${call}`]: column.category({ categories: Array.from({ length: 50 }, (_, i) => `${call} ${i}`) }) },
      outputs: { y: column.number() },
    });
    return [checkInput(made, { [`x${call}`]: `${call} 1` }), checkInput(made, { [`y${call}`]: call })];
  };
  expect(await bytesKept(contracts, 500)).toBeLessThan(500);
});
