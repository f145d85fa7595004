import { seededRandom } from '@millwright/core';
import type { ModelVersion } from '@millwright/registry';
import { defineRollout, type Rollout, startRollout } from '@millwright/serving/rollout';
import { count, percent } from './console.js';
import { type Factory, MODEL_TEAM } from './factory.js';
import type { FlightAnswer } from './models.js';
import type { FlightEndpoint } from './traffic.js';

/** Who meets the challenger follows from it, so that the story is the same every time it is told. */
const DRAW = 1;

/**
 * Sends a growing share of travellers to the new version: 1, 5, 25, 50 % and, if it is proved not to miss more delays and
 * not to raise more false alarms than 5 % beyond the champion's, all of them. Two days
 * per stage at least, so that no stage is a Sunday only.
 */
export async function startCanary(
  { registry, clock, screen }: Factory,
  endpoint: FlightEndpoint,
  challenger: ModelVersion,
): Promise<Rollout> {
  const label = { kind: 'label', better: 'lower', margin: { relative: 0.05 }, window: '24h' } as const;
  const definition = defineRollout({
    challenger,
    stages: ['1%', '5%', '25%', '50%'],
    minDwell: '48h',
    hardTtl: '25h',
    grace: '2h',
    metrics: [
      { id: 'errors', kind: 'event', better: 'lower', margin: { relative: 0.1 }, role: 'guardrail' },
      { id: 'missedDelays', measure: 'missed', ...label },
      { id: 'falseAlarms', measure: 'falseAlarm', ...label },
    ],
  });
  const rollout = await startRollout(registry, endpoint, definition, {
    clock,
    random: seededRandom(DRAW),
    actor: MODEL_TEAM,
    score: (output) => Number((output as FlightAnswer).alert),
  });
  screen.line(`${at(clock.now())}  canary of ${challenger.id} starts`);
  rollout.events.on('advanced', ({ share, time }) => screen.line(`${at(time)}  ${percent(share, 0)} of travellers`));
  rollout.events.on('promoted', ({ version, because, time }) =>
    screen.line(`${at(time)}  PROMOTED ${version}. ${because.sentence}`),
  );
  rollout.events.on('rolledBack', ({ because, time }) => screen.line(`${at(time)}  ROLLED BACK. ${because.sentence}`));
  rollout.events.on('paused', ({ because, time }) => screen.line(`${at(time)}  PAUSED. ${because.sentence}`));
  return rollout;
}

/** Statistics count travellers, by their first answer in each stage; later trips of the same people tell nothing new. */
export function outcomeLine({ outcomes }: Rollout): string {
  const { rows, applied } = outcomes.counts;
  return `${count(rows)} first answers to travellers counted, ${count(applied)} of them with a known outcome`;
}

const at = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
