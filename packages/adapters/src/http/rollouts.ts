import { invalidInput } from '@millwright/core';
import type { Ledger, LedgerEvent } from '@millwright/core/ledger';
import type { Registry } from '@millwright/registry';
import {
  historyOf,
  isFinal,
  judge,
  type Rollout,
  type RolloutCommands,
  type RolloutState,
  reduceRollout,
  rolloutCommands,
  rolloutProjection,
  statisticsOf,
} from '@millwright/serving/rollout';
import { jsonResponse } from './json.js';
import { notFound } from './problem.js';
import { limitOf, text } from './query.js';
import { actingOf, type Route, route } from './router.js';

/** Rollouts: where they stand, how they got there, and what people may do about them. */
export function rolloutRoutes(registry: Registry, live: Iterable<Rollout> = []): readonly Route[] {
  const { ledger } = registry;
  const states = async () => {
    await ledger.use(rolloutProjection);
    return ledger.state(rolloutProjection).byId;
  };
  const find = async (id: string) => {
    const state = (await states()).get(id);
    if (state === undefined) throw notFound('rollout', id);
    return state;
  };
  const here = (id: string) => [...live].find((rollout) => rollout.id === id);
  const eventsOf = eventsByRollout(ledger);

  type Run = (commands: RolloutCommands, reason: string, actor: string) => Promise<void>;
  const command = (name: string, run: Run) =>
    route('write', `POST /rollouts/:rollout/${name}`, `rollout.${name}`, async (call) => {
      const reason = (await call.body()).text('reason');
      const { id } = await find(call.params['rollout']!);
      await run(here(id) ?? rolloutCommands(registry, id), reason, actingOf(call).actor!);
      return jsonResponse(summaryOf(await find(id)));
    });

  return [
    route(
      'read',
      'GET /rollouts',
      'rollout.list',
      async ({ query }) => {
        const newestFirst = [...(await states()).values()].reverse();
        return jsonResponse(pageOf(newestFirst, query));
      },
      ['limit', 'after'],
    ),
    route('read', 'GET /rollouts/:rollout', 'rollout.read', async ({ params }) => {
      const state = await find(params['rollout']!);
      const { definition, approvals, paused, cause, replicas } = state;
      const evidence = here(state.id)?.evidence ?? state.evidence?.evidence;
      return jsonResponse({ ...summaryOf(state), definition, approvals, paused, cause, replicas, evidence });
    }),
    route('read', 'GET /rollouts/:rollout/history', 'rollout.history', async ({ params }) => {
      const { id } = await find(params['rollout']!);
      return jsonResponse({ ...historyOf(await eventsOf(id)), intervals: intervalsOf(await eventsOf(id)) });
    }),
    command('pause', (commands, reason, actor) => commands.pause(reason, { actor })),
    command('resume', (commands, reason, actor) => commands.resume(reason, { actor })),
    command('approve', (commands, reason, actor) => commands.approve({ reason, actor })),
    command('rollBack', (commands, reason, actor) => commands.rollBack(reason, { actor })),
    command('kill', (commands, reason, actor) => commands.kill(reason, { actor })),
  ];
}

/** A page of them, from the one behind the rollout of the cursor. */
function pageOf(rollouts: readonly RolloutState[], query: URLSearchParams) {
  const after = text(query, 'after');
  const from = after === undefined ? 0 : rollouts.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && from === 0) throw invalidInput('after', 'the `next` of a page', after);
  const items = rollouts.slice(from, from + limitOf(query));
  const more = from + items.length < rollouts.length;
  return { items: items.map(summaryOf), next: more ? items.at(-1)!.id : undefined };
}

/** Confidence sequences in a history: a chart shows no more, and each takes about 0.2 ms per metric while requests wait. */
const MAX_INTERVALS = 60;

/**
 * The confidence sequence of the ratio challenger / champion of each binary metric, at judgements evenly spread, the newest
 * among them, computed again from the sums in the ledger.
 */
function intervalsOf(events: readonly LedgerEvent[]) {
  const isJudgement = ({ type }: LedgerEvent) => type === 'rollout.evidenceRecorded';
  const judgements = events.filter(isJudgement).length;
  const every = Math.ceil(judgements / MAX_INTERVALS);
  let state: RolloutState | undefined;
  let seen = 0;
  return events.flatMap((event) => {
    state = reduceRollout(state, event);
    if (state === undefined || !isJudgement(event) || (judgements - ++seen) % every !== 0) return [];
    const { metrics } = judge(state.definition, statisticsOf(state), { intervals: true });
    return metrics.flatMap(({ metric, ratio }) =>
      ratio === undefined ? [] : [{ time: event.time, metric, ...ratio }],
    );
  });
}

function summaryOf(state: RolloutState) {
  const { id, model, alias, champion, challenger, author, submittedAt, endedAt, status, stage, killed } = state;
  const { stages } = state.definition;
  return {
    ...{ id, model, alias, champion, challenger, author, submittedAt, endedAt, status, stage, killed },
    final: isFinal(state),
    stages: stages.map(({ share }) => share),
    sentence: state.cause?.sentence ?? state.paused?.sentence ?? state.evidence?.evidence.because.sentence,
  };
}

/** The events of each rollout, of a ledger that is read once and then followed. */
function eventsByRollout(ledger: Ledger): (id: string) => Promise<readonly LedgerEvent[]> {
  const known = new Map<string, LedgerEvent[]>();
  let next = 0;
  let reading: Promise<void> | undefined;
  async function catchUp(): Promise<void> {
    for await (const event of ledger.read({ from: next })) {
      next = event.index + 1;
      const id = event.data['rollout'];
      if (!event.type.startsWith('rollout.') || typeof id !== 'string') continue;
      const events = known.get(id);
      if (events === undefined) known.set(id, [event]);
      else events.push(event);
    }
  }
  return async (id) => {
    reading ??= catchUp().finally(() => {
      reading = undefined;
    });
    await reading;
    return known.get(id) ?? [];
  };
}
