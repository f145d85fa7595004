import type { ResolvedModel } from '@millwright/core';
import { type Contract, column, defineContract } from '@millwright/core/contract';
import type { DatasetVersion, ModelVersion } from '@millwright/registry';
import type { Codec } from '@millwright/serving';
import { type Factory, MODEL_TEAM } from './factory.js';
import { encode, FEATURE_SETS, type FeatureSet, type FlightQuestion } from './features.js';
import type { FlightArrays } from './flights.js';
import { toOnnx } from './onnx.js';
import { TRAINING, train, type Weights } from './train.js';

export const MODEL = 'flight-delay';

/** What the model is asked and what it answers. The unit is part of the contract: miles, not kilometres. */
export const CONTRACT = defineContract({
  inputs: {
    hour: column.integer({ min: 0, max: 23, description: 'Hour of the scheduled departure, local time.' }),
    weekday: column.integer({ min: 0, max: 6, description: '0 is Sunday.' }),
    miles: column.number({ min: 0, max: 5_000, unit: 'mi' }),
    origin: column.category(),
    destination: column.category(),
  },
  outputs: { late: column.probability(), alert: column.boolean() },
});

export interface FlightAnswer {
  /** Probability of leaving 15 minutes late or more. */
  readonly late: number;
  /** The passenger is warned. */
  readonly alert: boolean;
}

interface Settings {
  readonly features: string;
}

export interface Trained {
  readonly version: ModelVersion;
  readonly weights: Weights;
}

/** Trains a model in a recorded run and registers what came of it. */
export async function trainVersion(
  { registry }: Factory,
  flights: FlightArrays,
  plan: {
    readonly features: FeatureSet;
    readonly rows: { start: number; end: number };
    readonly from: readonly DatasetVersion[];
    readonly why: string;
    /** The node of the decision that asked for it. */
    readonly answers?: string | undefined;
  },
): Promise<Trained> {
  const { features, rows, from, why, answers } = plan;
  await using run = await registry.runs.start('train-flight-delay', {
    uses: answers === undefined ? from : [...from, answers],
    parameters: { ...TRAINING, features: features.name, firstRow: rows.start, lastRow: rows.end - 1 },
    description: why,
    environment: { node: process.version },
  });
  const weights = train(flights, rows, features);
  await run.finish('succeeded', { metrics: { rows: rows.end - rows.start } });
  const settings: Settings = { features: features.name };
  const version = await registry.models.register(MODEL, {
    files: { 'model.onnx': toOnnx(weights), 'settings.json': new TextEncoder().encode(JSON.stringify(settings)) },
    contract: CONTRACT as Contract,
    madeBy: run,
    description: why,
    actor: MODEL_TEAM,
  });
  return { version, weights };
}

/**
 * How questions become tensors and tensors answers, for one version, as its `settings.json` says. `milesFactor` is where a
 * mistake gets in that no offline test sees: the factor with which this service changes distances on the way to the model.
 */
export async function codecFor(model: ResolvedModel, milesFactor = 1): Promise<Codec<FlightQuestion, FlightAnswer>> {
  const settings: Settings = JSON.parse(new TextDecoder().decode(await model.artifact.bytes('settings.json')));
  const features = FEATURE_SETS[settings.features]!;
  return {
    encode: (questions) => encode(features, questions, milesFactor),
    decode(outputs, rows) {
      const probability = outputs.get('probability')!.data as Float32Array;
      const alert = outputs.get('alert')!.data as Uint8Array;
      return Array.from({ length: rows }, (_, i) => ({ late: probability[i]!, alert: alert[i] === 1 }));
    },
  };
}
