import { decodeUtf8, type Predictor, type ResolvedModel } from '@millwright/core';
import { describeImage } from '@millwright/drift/descriptor';
import { type Part, SIZE } from './press.js';

/** What the inspector says of a part, and what each sense alone would say. */
export interface Inspection {
  /** Probability of a crack. */
  readonly cracked: number;
  readonly opinions: Readonly<Partial<Record<keyof Part, number>>>;
}

/** Log-odds of a crack: `weight` per unit above `middle`, or per word. What a sense does not say adds nothing. */
interface Weights {
  readonly prior: number;
  readonly force: { readonly middle: number; readonly weight: number };
  readonly image: { readonly middle: number; readonly weight: number };
  readonly words: Readonly<Record<string, number>>;
}

/**
 * Learns naive Bayes from parts that were cut open: normal densities of force and of the picture's contrast, and words.
 * It is small on purpose. A picture model of yours is an ONNX file, and everything around it stays as it is.
 */
export function learn(parts: readonly (Part & { readonly cracked: boolean })[]): Weights {
  const bad = parts.filter(({ cracked }) => cracked);
  const good = parts.filter(({ cracked }) => !cracked);
  const scale = (of: (part: Part) => number) => {
    const [mean, other] = [meanOf(bad.map(of)), meanOf(good.map(of))];
    const squares = [...bad.map((part) => (of(part) - mean) ** 2), ...good.map((part) => (of(part) - other) ** 2)];
    return { middle: (mean + other) / 2, weight: (mean - other) / meanOf(squares) };
  };
  const share = (of: readonly Part[], word: string) =>
    (of.filter(({ note = '' }) => words(note).includes(word)).length + 1) / (of.length + 2);
  const vocabulary = new Set(parts.flatMap(({ note = '' }) => words(note)));
  return {
    prior: Math.log(bad.length / good.length),
    force: scale(({ force }) => force),
    image: scale(contrast),
    words: Object.fromEntries([...vocabulary].map((word) => [word, Math.log(share(bad, word) / share(good, word))])),
  };
}

/** The inspector of a registered version. */
export async function inspector({ artifact }: ResolvedModel): Promise<Predictor<Part, Inspection>> {
  const weights: Weights = JSON.parse(decodeUtf8(await artifact.bytes('inspector.json')));
  const { prior, force, image, words: known } = weights;
  return {
    async predict(part) {
      const said = words(part.note ?? '');
      const odds = {
        force: bounded(force.weight * (part.force - force.middle)),
        image: bounded(image.weight * (contrast(part) - image.middle)),
        ...(said.length > 0 && { note: bounded(said.reduce((sum, word) => sum + (known[word] ?? 0), 0)) }),
      };
      const all = Object.values(odds).reduce((sum, one) => sum + one, prior);
      const opinions = Object.fromEntries(Object.entries(odds).map(([sense, one]) => [sense, sigmoid(prior + one)]));
      return { cracked: sigmoid(all), opinions };
    },
  };
}

const contrast = ({ image }: Pick<Part, 'image'>) =>
  describeImage({ data: image.data, width: SIZE, height: SIZE }).contrast;
/** No sense is surer than a thousand to one. */
const bounded = (odds: number) => Math.max(-7, Math.min(7, odds));
const words = (text: string): readonly string[] => text.match(/\p{L}+/gu) ?? [];
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
