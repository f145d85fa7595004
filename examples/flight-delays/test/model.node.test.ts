import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { CALENDAR, DISTANCES, encode, type FeatureSet, ROUTES } from '../src/features.js';
import { days, type FlightArrays, flatten, flightsFile, months, readFlights, rowAtTime } from '../src/flights.js';
import { toOnnx } from '../src/onnx.js';
import { predict, train, truth } from '../src/train.js';

let flights: FlightArrays;

beforeAll(async () => {
  flights = flatten(await readFlights(flightsFile(), () => undefined));
});

describe('the data', () => {
  it('is three million flights in order, from January to June 2001', () => {
    expect(flights.length).toBe(3_000_000);
    expect(months(flights.date).map((month) => month.end - month.start)).toEqual([
      508_239, 458_170, 511_502, 501_030, 518_831, 502_228,
    ]);
    expect(flights.date.every((time, i) => i === 0 || time >= flights.date[i - 1]!)).toBe(true);
  });

  it('knows hour, weekday and lateness', () => {
    // 2001-01-01 was a Monday; the first flight leaves one minute after midnight.
    expect([flights.hour[0], flights.weekday[0]]).toEqual([0, 1]);
    const january = months(flights.date)[0]!;
    const late = truth(flights, january).reduce((sum, y) => sum + y, 0) / (january.end - january.start);
    expect(late).toBeCloseTo(0.215, 3);
    expect(days(flights.date, january.start, january.end)).toHaveLength(31);
  });

  it('finds the row at a time', () => {
    expect(rowAtTime(flights.date, 0)).toBe(0);
    expect(rowAtTime(flights.date, Number.POSITIVE_INFINITY)).toBe(flights.length);
  });
});

describe('the models', () => {
  const models: FeatureSet[] = [CALENDAR, ROUTES, DISTANCES];

  it.each(models)('$name: onnxruntime and TypeScript agree to 1e-5', async (features) => {
    const rows = { start: 0, end: 60_000 };
    const model = train(flights, rows, features);
    const some = { start: 60_000, end: 62_000 };
    const expected = predict(model, flights, some);
    const questions = Array.from({ length: 2_000 }, (_, i) => {
      const row = some.start + i;
      return {
        hour: flights.hour[row]!,
        weekday: flights.weekday[row]!,
        miles: flights.miles[row]!,
        origin: flights.origins[flights.origin[row]!]!,
        destination: flights.destinations[flights.destination[row]!]!,
      };
    });
    const feeds = encode(features, questions);
    const session = await InferenceSession.create(toOnnx(model));
    const int32 = (name: string) =>
      new Tensor('int32', feeds.get(name)!.data as Int32Array, feeds.get(name)!.dims as number[]);
    const miles = feeds.get('miles')!;
    const result = await session.run({
      codes: int32('codes'),
      weekday: int32('weekday'),
      miles: new Tensor('float32', miles.data as Float32Array, miles.dims as number[]),
    });
    await session.release();
    const got = result['probability']!.data as Float32Array;
    expect(got).toHaveLength(2_000);
    expect(Math.max(...expected.map((p, i) => Math.abs(p - got[i]!)))).toBeLessThan(1e-5);
    const alerts = result['alert']!.data as Uint8Array;
    const borders = questions.map(({ weekday }, i) => expected[i]! - model.thresholds[weekday]!);
    expect(borders.filter((border, i) => Math.abs(border) > 1e-5 && border >= 0 !== (alerts[i] === 1))).toEqual([]);
  });

  it('writes codes inside the vocabulary, each flight its own', () => {
    for (const features of models) {
      const out = new Int32Array(features.codes);
      for (let row = 0; row < 3_000_000; row += 997) {
        features.write(out, 0, flights.hour[row]!, flights.weekday[row]!, flights.miles[row]!, 0xffffffff, 12_345);
        expect(out.every((code) => code >= 0 && code < features.vocabulary)).toBe(true);
      }
    }
  });

  it('trains the same weights from the same rows', () => {
    const rows = { start: 0, end: 20_000 };
    expect(train(flights, rows, ROUTES).table).toEqual(train(flights, rows, ROUTES).table);
  });
});
