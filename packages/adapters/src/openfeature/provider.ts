import { type Clock, systemClock } from '@millwright/core';
import type { Outcomes } from '@millwright/serving/outcome';
import { type CompiledPolicy, routeRequest } from '@millwright/serving/routing';
import type {
  ErrorCode,
  EvaluationContext,
  JsonValue,
  Provider,
  ResolutionDetails,
  TrackingEventDetails,
} from '@openfeature/server-sdk';
import { flagReason } from '../shared/flag-reason.js';

/** What a flag is read from; an endpoint has this shape. */
export interface FlagSource {
  readonly policy: CompiledPolicy | undefined;
  readonly arms?: { get(arm: string): { readonly model: string } | undefined } | undefined;
  /** Where `track` goes. */
  readonly outcomes?: Pick<Outcomes, 'record'> | undefined;
}

/** What tells the time, and what hears of events that cannot be counted. */
export interface OpenFeatureOptions {
  readonly clock?: Clock | undefined;
  /** Called with tracked events that name no decision: nothing can be counted for them. */
  readonly onUntracked?: ((event: string) => void) | undefined;
}

/**
 * An OpenFeature provider whose flags are endpoints: which arm, and so which model, a unit is given. The `targetingKey` is
 * the unit. As a text a flag is the model's version (the arm where it has none), as a boolean whether the arm is another
 * than the champion, as an object all that is known. Tracked events become outcomes of the decision that they name.
 *
 * Evaluating is pure: it serves nothing and counts nothing. Exposure is what the endpoint answers.
 * @example
 * await OpenFeature.setProviderAndWait(openFeatureProvider({ fraud: endpoint }));
 * const model = await OpenFeature.getClient().getStringValue('fraud', 'none', { targetingKey: 'customer-1' });
 */
export function openFeatureProvider(
  flags: Readonly<Record<string, FlagSource>>,
  { clock = systemClock, onUntracked }: OpenFeatureOptions = {},
): Provider {
  const byKey = new Map(Object.entries(flags));

  function resolve<T>(
    key: string,
    fallback: T,
    context: EvaluationContext,
    read: (found: Found) => T,
  ): Promise<ResolutionDetails<T>> {
    const source = byKey.get(key);
    if (source === undefined) return failed(fallback, 'FLAG_NOT_FOUND', `There is no endpoint \`${key}\`.`);
    const { policy, arms } = source;
    // Without a policy everything goes to the champion.
    const route = policy && routeRequest(policy, requestOf(context), undefined, clock.now());
    const arm = route?.arm ?? 'champion';
    const epoch = route?.epoch ?? 0;
    const share = route?.share ?? 1;
    const champion = policy?.policy.champion ?? 'champion';
    const found: Found = { arm, epoch, share, isChampion: arm === champion, model: arms?.get(arm)?.model };
    const reason = policy === undefined || route === undefined ? 'static' : flagReason(policy, route, clock.now());
    return Promise.resolve({
      value: read(found),
      variant: arm,
      reason: reason.toUpperCase(),
      flagMetadata: { epoch, share },
    });
  }

  return {
    metadata: { name: 'millwright' },
    runsOn: 'server',
    resolveBooleanEvaluation: (key, fallback, context) =>
      resolve(key, fallback, context, ({ isChampion }) => !isChampion),
    resolveStringEvaluation: (key, fallback, context) =>
      resolve(key, fallback, context, ({ arm, model }) => model ?? arm),
    resolveNumberEvaluation: (_, fallback) =>
      failed(fallback, 'TYPE_MISMATCH', 'An endpoint is a text, a boolean or an object.'),
    resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T, context: EvaluationContext) {
      return resolve<JsonValue>(key, fallback, context, ({ arm, epoch, share, model }) => ({
        ...{ arm, epoch, share },
        ...(model === undefined ? {} : { model }),
      })) as Promise<ResolutionDetails<T>>;
    },
    track(name, context, details = {}) {
      const decisionId = details['decisionId'] ?? context['decisionId'];
      if (typeof decisionId !== 'string' || !Number.isFinite(details.value ?? 1)) return onUntracked?.(name);
      for (const { outcomes } of sourcesOf(byKey, details))
        outcomes?.record({
          decisionId,
          value: details.value ?? true,
          metric: metricOf(details),
          time: timeOf(details),
        });
    },
  };
}

interface Found {
  readonly arm: string;
  readonly epoch: number;
  readonly share: number;
  readonly isChampion: boolean;
  readonly model: string | undefined;
}

function failed<T>(value: T, errorCode: string, errorMessage: string): Promise<ResolutionDetails<T>> {
  // The codes are an enum there; its library is not loaded for one word.
  return Promise.resolve({ value, reason: 'ERROR', errorCode: errorCode as ErrorCode, errorMessage });
}

/** Routing looks at texts, numbers and booleans only. */
function requestOf({ targetingKey, ...rest }: EvaluationContext) {
  const attributes: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(rest))
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') attributes[name] = value;
  return { unit: targetingKey, attributes };
}

/** Of the endpoint that the event names, or of all: whose decision it is not, drops it. */
function sourcesOf(flags: ReadonlyMap<string, FlagSource>, { flag }: TrackingEventDetails): Iterable<FlagSource> {
  const source = typeof flag === 'string' ? flags.get(flag) : undefined;
  return source === undefined ? flags.values() : [source];
}

function metricOf({ metric }: TrackingEventDetails): string | undefined {
  return typeof metric === 'string' ? metric : undefined;
}

function timeOf({ time }: TrackingEventDetails): number | undefined {
  return typeof time === 'number' ? time : undefined;
}
