import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { seededRandom } from '@millwright/core';
import { describe, expect, test } from 'vitest';
import { shift } from '../src/press.js';

const home = resolve(import.meta.dirname, '..');

test('npm start prints what the README shows', () => {
  const { status, stdout } = spawnSync('npm', ['start', '--silent'], { cwd: home, encoding: 'utf8' });
  const [, shown] = /^```text\n([\s\S]*?)^```/m.exec(readFileSync(`${home}/README.md`, 'utf8'))!;
  expect(stdout).toBe(shown);
  expect(status).toBe(0);
});

describe('a shift', () => {
  const count = (trouble: object, sense: string) =>
    shift(seededRandom(3), 0, 1_000, trouble).events.filter((event) => event.sense === sense).length;

  test('has a force and a picture of every part, and few notes', () => {
    expect([count({}, 'force'), count({}, 'image')]).toEqual([1_000, 1_000]);
    expect(count({}, 'note')).toBeLessThan(250);
  });

  test('loses pictures when told to', () => {
    expect(count({ lost: 0.5 }, 'image')).toBeLessThan(600);
    expect(count({ lost: 1 }, 'image')).toBe(0);
  });

  test('arrives out of order', () => {
    const times = shift(seededRandom(3), 0, 1_000).events.map(({ time }) => time);
    expect(times).not.toEqual(times.toSorted((a, b) => a - b));
  });
});
