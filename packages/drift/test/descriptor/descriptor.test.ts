import { seededRandom } from '@millwright/core';
import { countPresence, mergePresence, presencePatterns, profileTable } from '@millwright/core/profile';
import { createMonitor } from '@millwright/drift';
import {
  describeAudio,
  describeImage,
  describeText,
  descriptorTable,
  hashedWords,
  modalityDrift,
  vocabularyOf,
} from '@millwright/drift/descriptor';
import { describe, expect, test } from 'vitest';

function image(width: number, height: number, colour: (x: number, y: number) => readonly [number, number, number]) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set([...colour(x, y), 255], 4 * (y * width + x));
  return { data, width, height };
}

describe('images', () => {
  test('a grey image has no contrast, colour or edges', () => {
    expect(describeImage(image(8, 4, () => [128, 128, 128]))).toEqual({
      width: 8,
      height: 4,
      aspect: 2,
      luminance: expect.closeTo(128 / 255, 12),
      contrast: expect.closeTo(0, 12),
      sharpness: expect.closeTo(0, 12),
      saturation: 0,
      entropy: 0,
      clipped: 0,
    });
  });

  test('a checkerboard is sharp, half black and half white; pure red is saturated', () => {
    const board = describeImage(image(16, 16, (x, y) => ((x + y) % 2 === 0 ? [0, 0, 0] : [255, 255, 255])));
    expect(board).toMatchObject({
      luminance: expect.closeTo(0.5, 9),
      contrast: expect.closeTo(0.5, 9),
      entropy: 1,
      clipped: 1,
    });
    // Laplacian is 4 on black, -4 on white.
    expect(board.sharpness).toBeCloseTo(16, 9);
    expect(describeImage(image(2, 2, () => [255, 0, 0]))).toMatchObject({
      saturation: 1,
      luminance: expect.closeTo(0.2126, 9),
      sharpness: 0,
    });
  });

  test('a buffer of another size is refused', () => {
    expect(() => describeImage({ data: new Uint8ClampedArray(5), width: 1, height: 1 })).toThrow('pixels');
    expect(() => describeImage({ data: new Uint8ClampedArray(0), width: 0, height: 0 })).toThrow('pixels');
  });
});

describe('recordings', () => {
  const tone = (hertz: number, seconds = 1, volume = 0.5) =>
    Float32Array.from({ length: 16_000 * seconds }, (_, i) => volume * Math.sin((2 * Math.PI * hertz * i) / 16_000));

  test('a tone lies at its frequency', () => {
    const described = describeAudio({ samples: tone(1_000), sampleRate: 16_000 });
    expect(described).toMatchObject({ seconds: 1, sampleRate: 16_000, clipped: 0, silence: 0 });
    expect(described.loudness).toBeCloseTo(0.5 / Math.SQRT2, 3);
    expect(described.peak).toBeCloseTo(0.5, 3);
    expect(described.zeroCrossings).toBeCloseTo(2_000, -1);
    expect(described.centroid).toBeCloseTo(1_000, -1);
    expect(Math.abs(described.rolloff - 1_000)).toBeLessThan(32);
    expect(described.flatness).toBeLessThan(0.001);
  });

  test('white noise is flat and its centre is a quarter of the rate', () => {
    const random = seededRandom(1);
    const { flatness, centroid } = describeAudio({
      samples: Float32Array.from({ length: 64_000 }, () => 2 * random.next() - 1),
      sampleRate: 16_000,
    });
    expect(flatness).toBeGreaterThan(0.9);
    expect(Math.abs(centroid - 4_000)).toBeLessThan(200);
  });

  test('silence, overdrive, and recordings shorter than a frame', () => {
    expect(describeAudio({ samples: new Float32Array(4_096), sampleRate: 8_000 })).toMatchObject({
      silence: 1,
      centroid: Number.NaN,
    });
    expect(describeAudio({ samples: new Float32Array(100).fill(1), sampleRate: 8_000 })).toMatchObject({
      clipped: 1,
      flatness: Number.NaN,
    });
    expect(() => describeAudio({ samples: new Float32Array(0), sampleRate: 8_000 })).toThrow('at least one sample');
    expect(() => describeAudio({ samples: Float32Array.of(Number.NaN), sampleRate: 8_000 })).toThrow('finite');
  });
});

describe('texts', () => {
  test('counts characters, words, scripts and signs', () => {
    expect(describeText('Hello, мир! 42')).toMatchObject({
      characters: 14,
      words: 3,
      digits: 2 / 14,
      punctuation: 2 / 14,
      upperCase: 1 / 14,
      whitespace: 2 / 14,
      latin: 5 / 8,
      cyrillic: 3 / 8,
      repetition: 0,
      broken: 0,
      unknownWords: Number.NaN,
    });
    expect(describeText('日本語 カタカナ 한국어')).toMatchObject({ han: 0.3, kana: 0.4, hangul: 0.3, latin: 0 });
    expect(describeText('a 😀 b')).toMatchObject({ characters: 5, emoji: 0.2, words: 2 });
  });

  test('broken decoding and empty texts', () => {
    expect(describeText('a\ud800\ufffd').broken).toBeCloseTo(2 / 3, 12);
    expect(describeText('')).toMatchObject({ characters: 0, words: 0, latin: 0, repetition: 0 });
  });

  test('words beyond the vocabulary of the reference, repeated words', () => {
    const vocabulary = vocabularyOf(['Late flight', 'late again', 'flight again and again']);
    expect([...vocabulary]).toEqual(['again', 'flight', 'late']);
    const described = describeText('Late LATE zeppelin', { vocabulary });
    expect(described.unknownWords).toBeCloseTo(1 / 3, 12);
    expect(described.repetition).toBeCloseTo(1 / 3, 12);
  });

  test('hashed words add up and ignore case', () => {
    const [a, b, both] = [hashedWords('one two'), hashedWords('TWO three'), hashedWords('one two two three')];
    expect(a.map((count, k) => count + b[k]!)).toEqual(both);
  });
});

test('descriptors are columns that a monitor watches; a missing image is a null', () => {
  const random = seededRandom(3);
  const shot = (light: number) =>
    describeImage(image(4, 4, () => Array(3).fill(light * (0.5 + random.next() / 2)) as [number, number, number]));
  const shots = (light: number, missing: number) =>
    descriptorTable(
      Array.from({ length: 400 }, () => (random.next() < missing ? undefined : shot(light))),
      'image.',
    );
  const monitor = createMonitor({ reference: profileTable(shots(200, 0.02)), window: { by: 'rows', rows: 400 } });
  const [same] = monitor.observe(shots(200, 0.02));
  const [dark] = monitor.observe(shots(90, 0.3));
  expect(same!.verdict).not.toBe('drift');
  expect(dark!.verdict).toBe('drift');
  const found = dark!.checks
    .filter(({ verdict }) => verdict === 'drift')
    .map(({ column, check }) => `${column} ${check}`);
  expect(found).toContain('image.luminance distribution');
  expect(found).toContain('image.luminance missing');
});

describe('modalities', () => {
  const names = ['image', 'audio', 'text'];
  const counted = (
    seed: number,
    rows: number,
    missing: (random: () => number) => { image: boolean; audio: boolean },
  ) => {
    const random = seededRandom(seed);
    const counts = presencePatterns(names);
    for (let i = 0; i < rows; i++) {
      const { image: noImage, audio: noAudio } = missing(() => random.next());
      countPresence(counts, { image: noImage ? undefined : 1, audio: noAudio ? null : 0, text: '' });
    }
    return counts;
  };
  const apart = (random: () => number) => ({ image: random() < 0.1, audio: random() < 0.1 });
  const jointly = (random: () => number) => {
    const out = random() < 0.1;
    return { image: out, audio: out };
  };

  test('an outage of two sensors together shows although each is missing as often as before', () => {
    const reference = counted(1, 20_000, apart);
    const calm = modalityDrift(reference, counted(2, 20_000, apart));
    expect(calm.together.verdict).toBe('noDrift');
    const outage = modalityDrift(reference, counted(3, 20_000, jointly));
    expect(outage.missing['image']!.verdict).toBe('noDrift');
    expect(outage.missing['audio']!.verdict).toBe('noDrift');
    expect(outage.together.verdict).toBe('drift');
    expect(outage.together.parts.map(({ label }) => label)).toContain('only text');
  });

  test('a modality that stops coming is named', () => {
    const outage = modalityDrift(
      counted(1, 1_000, apart),
      counted(2, 1_000, () => ({ image: true, audio: false })),
    );
    expect(outage.missing['image']!.verdict).toBe('drift');
    expect(outage.missing['text']!.verdict).not.toBe('drift');
  });

  test('counts add up, and only of the same modalities', () => {
    const [a, b] = [counted(1, 10, apart), counted(2, 20, apart)];
    expect(mergePresence(a, b)).toEqual(mergePresence(b, a));
    expect(mergePresence(a, b).counts.reduce((sum, count) => sum + count)).toBe(30);
    expect(() => mergePresence(a, presencePatterns(['image']))).toThrow('image, audio, text');
    expect(() => presencePatterns([])).toThrow('1 to 10');
  });
});
