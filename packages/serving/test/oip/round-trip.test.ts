import { DTYPES, type DType, type Tensor, tensor } from '@millwright/serving';
import { openInferenceClient } from '@millwright/serving/oip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feeds, identityHandler, origin, sample, schemaErrors, wire } from './harness.js';

const COUNTS = { none: [0], scalar: [], one: [1], several: [2, 3, 5], 'none of many': [4, 0, 2] };

async function roundTrip(t: Tensor, binary: boolean) {
  const line = wire(await identityHandler(t.dtype));
  const client = openInferenceClient({ url: origin, fetch: line.fetch, binary });
  const { outputs } = await client.infer({ name: 'echo' }, feeds(t));
  return { back: outputs.get('y')!, line };
}

/** Bytes are compared, so that -0, NaN payloads and subnormals count. */
function bits(t: Tensor): unknown {
  return t.dtype === 'string' ? t.data : new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength);
}

describe.each(DTYPES)('%s', (dtype) => {
  describe.each([
    ['binary', true],
    ['JSON', false],
  ])('as %s', (_, binary) => {
    test.each(Object.entries(COUNTS))('comes back bit by bit: %s', async (_name, dims) => {
      const given = sample(dtype, dims, !binary);
      const { back, line } = await roundTrip(given, binary);
      expect(back.dtype).toBe(dtype);
      expect(back.dims).toEqual(dims);
      expect(bits(back)).toEqual(bits(given));
      const { request, response } = line.seen[0]!;
      expect(schemaErrors('request', request)).toBeUndefined();
      expect(schemaErrors('response', response)).toBeUndefined();
    });
  });
});

test('any bits of any type survive as binary', async () => {
  const types = DTYPES.filter(
    (dtype): dtype is Exclude<DType, 'string' | 'bool'> => dtype !== 'string' && dtype !== 'bool',
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...types), fc.uint8Array({ maxLength: 64 }), async (dtype, bytes) => {
      const { data } = sample(dtype, [0], false) as Exclude<Tensor, { dtype: 'string' }>;
      const size = data.BYTES_PER_ELEMENT;
      const count = Math.floor(bytes.length / size);
      const ArrayKind = data.constructor as new (buffer: ArrayBufferLike) => typeof data;
      const given = tensor(dtype, [count], new ArrayKind(bytes.slice(0, count * size).buffer) as never) as Tensor;
      expect(bits((await roundTrip(given, true)).back)).toEqual(bits(given));
    }),
    { numRuns: 60 },
  );
});

test('any finite number and any well-formed text survive as JSON', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 8 }),
      fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 8 }),
      fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 }),
      async (doubles, longs, texts) => {
        const wellFormed = texts.filter((text) => text.isWellFormed());
        for (const given of [
          tensor('float64', [doubles.length], Float64Array.from(doubles)),
          tensor('int64', [longs.length], BigInt64Array.from(longs)),
          tensor('string', [wellFormed.length], wellFormed),
        ])
          expect(bits((await roundTrip(given, false)).back)).toEqual(bits(given));
      },
    ),
    { numRuns: 40 },
  );
});

test('what JSON has no words for is refused, and says what takes it', async () => {
  for (const given of [
    tensor('float32', [1], Float32Array.of(Number.NaN)),
    tensor('float16', [1], Uint16Array.of(0x7c00)),
    tensor('string', [1], ['\ud800']),
  ])
    await expect(roundTrip(given, false)).rejects.toMatchObject({ code: 'serving/tensor' });
  await expect(roundTrip(tensor('string', [1], ['\ud800']), true)).rejects.toMatchObject({ code: 'serving/tensor' });
});
