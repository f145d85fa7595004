import type { Random } from '@millwright/core';
import { type Tensor, tensor } from '@millwright/serving';

/** What is known of a part: the press feels it, a camera sees it, and now and then somebody at the line says something. */
export interface Part {
  /** Highest force of the stroke, kN. What cracks gives way. */
  readonly force: number;
  /** 16 × 16 pixels, RGBA. */
  readonly image: Tensor<'uint8'>;
  readonly note?: string;
}

/** An event of one of the senses, as it arrives. */
export interface SenseEvent {
  readonly sense: keyof Part;
  readonly time: number;
  readonly value: Required<Part>[keyof Part];
}

/** What is wrong with the line, and not with the parts. */
export interface Trouble {
  /** A hair on the lens while these parts pass: every picture shows a dark line. */
  readonly hair?: readonly [from: number, to: number];
  /** Brightness of the lamp. Default 1. */
  readonly lamp?: number;
  /** Share of pictures that never come. Default 0. */
  readonly lost?: number;
}

export const PART_MS = 6_000;
export const SIZE = 16;

/** A part and whether it is cracked: one in twenty is. */
export function press(random: Random, { hair = false, lamp = 1 } = {}): Part & { readonly cracked: boolean } {
  const cracked = random.next() < 0.05;
  // Some cracks are too fine for the camera.
  const image = picture(random, lamp, hair || (cracked && random.next() < 0.9));
  const force = (cracked ? 78 : 100) + 5 * normal(random);
  const words = cracked ? ['squeaks', 'crack at the hole'] : ['burr left', 'ok'];
  const said = random.next() < (cracked ? 0.5 : 0.15);
  return { cracked, force, image, ...(said && { note: words[Math.floor(2 * random.next())]! }) };
}

/** Parts of one shift, one every six seconds, and their events in the order in which they arrive. */
export function shift(random: Random, start: number, parts: number, { hair, lamp, lost = 0 }: Trouble = {}) {
  const cracked = new Map<number, boolean>();
  const arrivals: (SenseEvent & { readonly arrives: number })[] = [];
  const arrive = (sense: keyof Part, time: number, value: SenseEvent['value'], delay: number) =>
    arrivals.push({ sense, time, value, arrives: time + delay * random.next() });
  for (let i = 0; i < parts; i++) {
    const time = start + i * PART_MS;
    const inView = hair !== undefined && i >= hair[0] && i < hair[1];
    const part = press(random, { hair: inView, lamp });
    cracked.set(time, part.cracked);
    arrive('force', time, part.force, 50);
    // One picture in 500 hangs in the network for a minute.
    const hangs = random.next() < 0.002;
    if (random.next() >= lost) arrive('image', time + 40, part.image, hangs ? 60_000 : 400);
    if (part.note !== undefined) arrive('note', time + 2_000 * random.next(), part.note, 3_000);
  }
  return { cracked, events: arrivals.sort((a, b) => a.arrives - b.arrives) };
}

/** Sheet metal under a lamp, with or without a dark line from edge to edge. */
function picture(random: Random, lamp: number, line: boolean): Tensor<'uint8'> {
  const data = new Uint8Array(4 * SIZE * SIZE);
  const at = Math.floor(SIZE * random.next());
  const slope = random.next();
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      const dark = line && x === Math.floor(at + slope * y) % SIZE;
      const light = lamp * ((dark ? 110 : 150) + 8 * normal(random));
      data.set([light, light, light, 255], 4 * (y * SIZE + x));
    }
  return tensor('uint8', [SIZE, SIZE, 4], data);
}

/** Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
