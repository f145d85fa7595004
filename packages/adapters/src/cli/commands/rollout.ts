import { invalidInput } from '@millwright/core';
import { lastRollout, type RolloutState, rolloutCommands, rolloutProjection } from '@millwright/serving/rollout';
import { type Command, required } from '../command.js';
import { day } from '../words.js';

const ACTS = ['pause', 'resume', 'approve', 'rollBack', 'kill'] as const;

export const rollout: Command = {
  summary: 'tells where the newest rollout of a model stands, or does something about it',
  usage: `<model> [${ACTS.join('|')} --reason <why>] [--alias champion]`,
  options: { alias: { type: 'string' }, reason: { type: 'string' } },
  takes: [1, 2],
  run: (call) =>
    call.registry(async (registry) => {
      const { ledger, models } = registry;
      const { id } = models.get(call.args[0]!);
      await ledger.use(rolloutProjection);
      const newest = () => lastRollout(ledger.state(rolloutProjection), id, call.text('alias') ?? 'champion');
      const state = newest();
      const act = call.args[1] === undefined ? undefined : actNamed(call.args[1]);
      if (act !== undefined) {
        const reason = required(call, 'reason');
        const commands = rolloutCommands(registry, state?.id ?? `of ${id}`);
        if (act === 'approve') await commands.approve({ actor: call.actor, reason });
        else await commands[act](reason, { actor: call.actor });
      }
      if (state === undefined) return { lines: [`${id} has never been rolled out.`], json: null };
      return answerOf(newest()!);
    }),
};

function actNamed(text: string): (typeof ACTS)[number] {
  const act = ACTS.find((one) => one.toLowerCase() === text.toLowerCase());
  if (act === undefined) throw invalidInput('act', ACTS.join(', '), text);
  return act;
}

function answerOf({ id, model, challenger, champion, status, stage, submittedAt, ...state }: RolloutState) {
  const sentence = state.cause?.sentence ?? state.paused?.sentence ?? state.evidence?.evidence.because.sentence;
  const lines = [
    `${challenger} against ${champion}: ${status}, stage ${stage + 1} of ${state.definition.stages.length}, since ${day(submittedAt)}`,
    ...(sentence === undefined ? [] : [sentence]),
  ];
  return { lines, json: { id, model, challenger, champion, status, stage, submittedAt, killed: state.killed } };
}
