import { checkInput, column, defineContract, type InputOf, type OutputOf } from '@millwright/core/contract';
import { expectTypeOf, test } from 'vitest';

const contract = defineContract({
  inputs: {
    hour: column.integer({ min: 0, max: 23 }),
    origin: column.category({ categories: ['MCI', 'ATL'] }),
    carrier: column.category(),
    at: column.timestamp(),
    wind: column.number({ nullable: true }),
    gate: column.text({ fallback: { kind: 'mask' } }),
    bags: column.integer({ fallback: { kind: 'default', value: 0 } }),
  },
  outputs: { late: column.probability() },
});

test('InputOf and OutputOf follow the fields', () => {
  type Input = InputOf<typeof contract>;
  expectTypeOf<Input['hour']>().toEqualTypeOf<number>();
  expectTypeOf<Input['origin']>().toEqualTypeOf<'MCI' | 'ATL'>();
  expectTypeOf<Input['carrier']>().toEqualTypeOf<string>();
  expectTypeOf<Input['at']>().toEqualTypeOf<number | string | Date>();
  expectTypeOf<Input['wind']>().toEqualTypeOf<number | null>();
  expectTypeOf<Input['gate']>().toEqualTypeOf<string | null | undefined>();
  expectTypeOf<OutputOf<typeof contract>>().toEqualTypeOf<{ readonly late: number }>();
  // @ts-expect-error hour is required
  const missing: Input = { origin: 'MCI', carrier: 'DL', at: 0, wind: null };
  void missing;
});

test('checkInput returns what the model gets', () => {
  const checked = checkInput(contract, {});
  if (!checked.ok) return;
  expectTypeOf(checked.value.at).toEqualTypeOf<number>();
  expectTypeOf(checked.value.gate).toEqualTypeOf<string | null>();
  expectTypeOf(checked.value.bags).toEqualTypeOf<number>();
});
