import { invalidInput, type Random, seededRandom } from '@millwright/core';
import type { Detector, DetectorKind, Knob } from './types.js';

/** The run length that is wanted, and the values that it is simulated with. */
export interface CalibrateOptions<O> {
  /** Average run length without change that is wanted, in values. */
  readonly targetArl: number;
  /** Values of a time when nothing changed. Simulated streams are drawn from them with replacement. */
  readonly reference: ArrayLike<number>;
  /** Values are drawn in blocks of so many neighbours, so that their dependence up to this distance is kept. Default 1. */
  readonly block?: number | undefined;
  /** Options that stay as they are. */
  readonly options?: O | undefined;
  /** The option to turn; a detector of this package knows its own. */
  readonly knob?: Knob | undefined;
  /** Length of the simulated stream, in run lengths. More make the answer closer to the target. Default 100. */
  readonly runs?: number | undefined;
  /** Default `seededRandom(1)` anew for every setting: all are judged on the same stream. */
  readonly random?: (() => Random) | undefined;
}

/** The most sensitive setting that keeps the run length in simulation. */
export interface Calibration<O> {
  /** For `init`. */
  readonly options: O;
  readonly knob: Knob;
  /** What the knob was set to. */
  readonly value: number;
  readonly arl: RunLength;
}

/** A run length as it was simulated. */
export interface RunLength {
  /** Values per alarm. */
  readonly estimate: number;
  /** At least this at 95 % confidence over simulations; `targetArl` is held to it. */
  readonly lower: number;
  readonly alarms: number;
  /** How many values were simulated. */
  readonly values: number;
}

/** ln 20: the upper 95 % bound of a Poisson mean of which nothing was seen. */
const NOTHING_SEEN = Math.log(20);
const Z_95 = 1.6448536269514722;
/** The search ends when two settings are so close. */
const CLOSE = 1.005;
const CHUNK = 4_096;

/**
 * Finds the setting of a detector that keeps a run length: the run length grows along the knob, so its scale is halved
 * (on logarithms) until two neighbours enclose the target, each judged on the same simulated stream. The promise is that
 * of the simulation: it holds for streams like the reference, whose own sampling error is not part of it. What holds for
 * every stream is an e-detector.
 *
 * @throws `input/invalid` for a detector without a knob, or when no setting reaches the target
 */
export function calibrate<O extends object>(kind: DetectorKind<O>, plan: CalibrateOptions<O>): Calibration<O> {
  const knob = plan.knob ?? kind.knob;
  if (knob === undefined) throw invalidInput('knob', 'the option to turn', kind.id, 'This detector names none.');
  const { targetArl } = plan;
  if (!(targetArl > 1 && Number.isFinite(targetArl))) throw invalidInput('targetArl', 'a number above 1', targetArl);
  const optionsAt = (value: number) => ({ ...plan.options, [knob.option]: value }) as O;
  const judge = (value: number) => simulate(kind.init(optionsAt(value)), plan);

  let [short, long] = [knob.from, knob.to];
  let best = judge(long);
  if (best.lower < targetArl)
    throw invalidInput('targetArl', `at most what ${knob.option} = ${long} reaches`, targetArl, reached(best));
  while (Math.max(long / short, short / long) > CLOSE) {
    const middle = Math.sqrt(short * long);
    const arl = judge(middle);
    if (arl.lower >= targetArl) {
      best = arl;
      long = middle;
    } else short = middle;
  }
  return { options: optionsAt(long), knob, value: long, arl: best };
}

function reached({ estimate, lower }: RunLength): string {
  return `There a run is ${Math.round(estimate)} values long, ${Math.round(lower)} at 95 % confidence.`;
}

/** One stream of `runs` target lengths: after each alarm the detector starts anew, so its alarms end independent runs. */
function simulate<O>(detector: Detector, plan: CalibrateOptions<O>): RunLength {
  const { targetArl, reference, block = 1, runs = 100, random = () => seededRandom(1) } = plan;
  const draw = drawn(reference, block, random());
  const buffer = new Float64Array(CHUNK);
  const at = new Uint32Array(CHUNK);
  const wanted = Math.ceil(runs * targetArl);
  let [values, alarms, last, squares] = [0, 0, 0, 0];
  // With twice the alarms that the target allows, the rest of the stream would not change the answer.
  while (values < wanted && alarms < 2 * runs + 10) {
    draw(buffer);
    const found = detector.updateBatch(buffer, at);
    for (let i = 0; i < found; i++) {
      const end = values + at[i]! + 1;
      squares += (end - last) ** 2;
      last = end;
    }
    alarms += found;
    values += CHUNK;
  }
  if (alarms === 0) return { estimate: values, lower: values / NOTHING_SEEN, alarms, values };
  const estimate = values / alarms;
  // Runs vary as an exponential law does, or more where the detector learns a baseline of its own.
  const variation = Math.max(1, Math.sqrt(Math.max(0, squares / alarms - (last / alarms) ** 2)) / estimate);
  return { estimate, lower: estimate / (1 + (Z_95 * variation) / Math.sqrt(alarms)), alarms, values };
}

/** Fills a buffer with blocks of the reference, each from a random place. @throws `input/invalid` */
function drawn(reference: ArrayLike<number>, block: number, random: Random): (into: Float64Array) => void {
  if (!(Number.isInteger(block) && block >= 1 && block <= reference.length))
    throw invalidInput('block', `an integer from 1 to the ${reference.length} values of the reference`, block);
  const places = reference.length - block + 1;
  let [at, left] = [0, 0];
  return (into) => {
    for (let i = 0; i < into.length; i++) {
      if (left === 0) {
        at = Math.floor(random.next() * places);
        left = block;
      }
      into[i] = reference[at]!;
      at++;
      left--;
    }
  };
}
