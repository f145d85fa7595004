import {
  type Clock,
  invalidInput,
  MillwrightError,
  type Predictor,
  type RequestContext,
  systemClock,
} from '@millwright/core';
import { type CascadeAnswer, cascade } from './cascade.js';

/** One of several models that can answer, as a router sees it. */
export interface ModelOption {
  readonly name: string;
  /** What a request costs, in any one currency. */
  readonly cost: number;
  /** How long an answer takes in milliseconds, better a high quantile than a mean; a function when it is measured. Default 0. */
  readonly latencyMs?: number | (() => number) | undefined;
  /** What it can do: languages, modalities, tools. Default none. */
  readonly capabilities?: readonly string[] | undefined;
  /** Measured quality on whatever scale `minQuality` uses. Default 0. */
  readonly quality?: number | undefined;
}

/** What a request asks for. */
export interface ModelNeed {
  readonly capabilities?: readonly string[] | undefined;
  /** On the scale of the options. Default: any cost. */
  readonly maxCost?: number | undefined;
  /** On the scale of the options. Default: any quality. */
  readonly minQuality?: number | undefined;
  /** Default: any latency. */
  readonly maxLatencyMs?: number | undefined;
}

/** The models that will do, the best first, and why the others will not. */
export interface ModelChoice<M extends ModelOption> {
  readonly ranked: readonly M[];
  readonly refused: readonly {
    readonly name: string;
    readonly reason: 'capability' | 'cost' | 'quality' | 'latency';
  }[];
}

/** The cheapest model that can do what is asked; among equals the faster, then the better, then the first. Pure. */
export function chooseModel<M extends ModelOption>(models: readonly M[], need: ModelNeed = {}): ModelChoice<M> {
  const ranked: M[] = [];
  const refused: ModelChoice<M>['refused'][number][] = [];
  for (const model of models) {
    const reason = reasonAgainst(model, need);
    if (reason === undefined) ranked.push(model);
    else refused.push({ name: model.name, reason });
  }
  ranked.sort((a, b) => a.cost - b.cost || latencyOf(a) - latencyOf(b) || (b.quality ?? 0) - (a.quality ?? 0));
  return { ranked, refused };
}

function reasonAgainst(
  model: ModelOption,
  need: ModelNeed,
): ModelChoice<ModelOption>['refused'][number]['reason'] | undefined {
  const { capabilities = [], maxCost = Infinity, minQuality = -Infinity, maxLatencyMs = Infinity } = need;
  if (!capabilities.every((one) => model.capabilities?.includes(one))) return 'capability';
  // Written so that a number that is not known (NaN) is refused wherever it matters.
  if (maxCost !== Infinity && !(model.cost <= maxCost)) return 'cost';
  if (minQuality !== -Infinity && !((model.quality ?? 0) >= minQuality)) return 'quality';
  if (maxLatencyMs !== Infinity && !(latencyOf(model) <= maxLatencyMs)) return 'latency';
  return undefined;
}

const latencyOf = ({ latencyMs = 0 }: ModelOption) => (typeof latencyMs === 'number' ? latencyMs : latencyMs());

/** A model that can be asked. */
export interface RoutedModel<I, O> extends ModelOption {
  readonly predictor: Predictor<I, O>;
}

/**
 * Sends each request to the cheapest model that can do what it needs in the time it has, and to the next when that one
 * fails. `need` says what a request asks for; the time left before its deadline is added.
 * @throws `serving/model-failed` when no model will do, or none answers
 */
export function modelRouter<I, O>(
  models: readonly RoutedModel<I, O>[],
  need: (input: I, context: RequestContext) => ModelNeed,
  options: { readonly clock?: Clock | undefined } = {},
): Predictor<I, CascadeAnswer<O>> {
  const { clock = systemClock } = options;
  if (models.length === 0) throw invalidInput('models', 'at least one model', models.length);
  return {
    async predict(input, context) {
      const asked = need(input, context);
      const left = (context.deadlineAt ?? Infinity) - clock.now();
      const { ranked, refused } = chooseModel(models, {
        ...asked,
        maxLatencyMs: Math.min(asked.maxLatencyMs ?? Infinity, left),
      });
      if (ranked.length === 0) {
        const why = refused.map(({ name, reason }) => `${name}: ${reason}`).join(', ');
        throw new MillwrightError('serving/model-failed', `No model can do what was asked (${why}).`, {
          details: { model: refused[0]!.name },
        });
      }
      const steps = ranked.map(({ name, predictor }) => ({ name, predictor }));
      return cascade(steps, { clock }).predict(input, context);
    },
  };
}
