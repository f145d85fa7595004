import { describeAudio, describeImage, describeText } from '@millwright/drift/descriptor';
import { expect, test } from 'vitest';

test('pixels of a canvas', () => {
  const canvas = new OffscreenCanvas(64, 32);
  const context = canvas.getContext('2d')!;
  context.fillStyle = 'rgb(255 0 0)';
  context.fillRect(0, 0, 64, 32);
  context.fillStyle = 'rgb(255 255 255)';
  context.fillRect(32, 0, 32, 32);
  const described = describeImage(context.getImageData(0, 0, 64, 32));
  expect(described).toMatchObject({ width: 64, height: 32, aspect: 2, saturation: 0.5 });
  expect(described.luminance).toBeCloseTo((1 + 0.2126) / 2, 6);
  expect(described.sharpness).toBeGreaterThan(0);
});

test('a recording that the browser has made', async () => {
  const audio = new OfflineAudioContext({ length: 16_000, sampleRate: 16_000 });
  const tone = new OscillatorNode(audio, { frequency: 1_000 });
  tone.connect(audio.destination);
  tone.start();
  const samples = (await audio.startRendering()).getChannelData(0);
  const { centroid, zeroCrossings, flatness } = describeAudio({ samples, sampleRate: 16_000 });
  expect(Math.abs(centroid - 1_000)).toBeLessThan(20);
  expect(Math.abs(zeroCrossings - 2_000)).toBeLessThan(5);
  expect(flatness).toBeLessThan(0.01);
});

test('the text of a page', () => {
  document.body.innerHTML = '<p>Врата закрыты: gate 42</p>';
  expect(describeText(document.body.textContent!)).toMatchObject({ words: 4, digits: 2 / 22, cyrillic: 12 / 16 });
});
