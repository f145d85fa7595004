import type { ModelSource } from '@millwright/core';
import { column, defineContract } from '@millwright/core/contract';
import { type Abstained, createEndpoint, type Endpoint, finiteGuard, type Row } from '@millwright/serving';
import { expectTypeOf, test } from 'vitest';

declare const model: ModelSource;
const contract = defineContract({ inputs: { miles: column.number() }, outputs: { late: column.probability() } });

test('a contract types what goes in and what comes out', async () => {
  const endpoint = await createEndpoint({ model, contract });
  expectTypeOf((await endpoint.predict({ miles: 1 })).output.late).toEqualTypeOf<number>();
  // @ts-expect-error `miles` is a number
  await endpoint.predict({ miles: 'far' });
});

test('without one, rows are records; types can be named', async () => {
  expectTypeOf(await createEndpoint({ model })).toEqualTypeOf<Endpoint<Row, Row>>();
  expectTypeOf(await createEndpoint<{ x: number }, { y: number }>({ model })).toEqualTypeOf<
    Endpoint<{ x: number }, { y: number }>
  >();
});

test('with guards, an answer may be an abstention', async () => {
  const endpoint = await createEndpoint<Row, { y: number }>({ model, guards: [finiteGuard()] });
  expectTypeOf((await endpoint.predict({})).output).toEqualTypeOf<{ y: number } | Abstained>();
});
