import { type ResolvedModel, seededRandom } from '@millwright/core';
import { memoryStorage } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import { type ModelVersion, openRegistry } from '@millwright/registry';
import { compare, type GatePolicy, type GateVerdict, gate, judgePairs } from '@millwright/registry/evaluation';
import { openPrompt } from '@millwright/registry/generative';
import { createEndpoint } from '@millwright/serving';
import { defineRollout, startRollout } from '@millwright/serving/rollout';
import { type Answer, askJudge, isPromise, isRefundable, localModel, type Question } from './models.js';
import { ANCHOR, JUDGE, PROMPTS } from './prompts.js';

const HOUR = 3_600_000;
const NAME = 'refund-answer';
const clock = virtualClock(Date.UTC(2026, 0, 5)); // a service leaves it out and gets the system's clock
const random = seededRandom(4);
const model = localModel(random);
await using registry = await openRegistry(memoryStorage(), { actor: 'maria', clock });

// A prompt is a version like any other, and so is the judge: with another rubric it would be another judge.
const versions: ModelVersion[] = [];
for (const prompt of PROMPTS)
  versions.push(await registry.models.register(NAME, { ...prompt.version, owner: 'support' }));
await registry.models.register('refund-judge', { ...JUDGE.version, owner: 'support' });

// What a prompt must show before it may answer anybody.
const policy: GatePolicy = {
  rules: [
    { rule: 'nonInferior', metric: 'accuracy', margin: 0.02 },
    { rule: 'preferred', judge: JUDGE.identity.digest, minConsistency: 0.9, minAnchorAgreement: 1 },
  ],
};
const [first, ...challengers] = versions;
await registry.models.moveAlias(NAME, 'champion', first!, { reason: 'The first prompt.' });
await registry.policies.set(NAME, { gate: policy, aliases: { champion: { evidence: [{ kind: 'gate' }] } } });

/** A version answers through the model that its prompt is put to. */
const answering = async ({ artifact }: ResolvedModel) => {
  const prompt = await openPrompt(artifact);
  return { predict: (question: Question) => model(prompt.render({ ...question })) };
};
await using endpoint = await createEndpoint<Question, Answer>({
  model: registry.alias(NAME, 'champion'),
  predictor: answering,
  clock,
});

for (const challenger of challengers) {
  const verdict = await evaluate(challenger.id);
  console.log(`\n${challenger.id}: ${verdict.decision}`);
  for (const reason of verdict.reasons) console.log(`  ${reason}`);
  await registry.models.attachEvidence(challenger, verdict);
  if (verdict.decision === 'promote') await rollOut(challenger.id);
}
console.log(`\nchampion: ${endpoint.champion.model}, ledger ok: ${(await registry.ledger.verify()).ok}`);

/**
 * Both versions answer the questions of last spring, when everybody asked within a month: are they as right, and does the
 * judge prefer the new one? What late customers would be told, nobody can see here.
 */
async function evaluate(challenger: string): Promise<GateVerdict> {
  const champion = endpoint.champion.model;
  const old = await answering(await registry.version(champion).resolve());
  const fresh = await answering(await registry.version(challenger).resolve());
  const questions = Array.from({ length: 500 }, () => ask(30));
  const pairs = await Promise.all(
    questions.map(async (input, i) => ({
      id: `${i}`,
      input,
      champion: await old.predict(input),
      challenger: await fresh.predict(input),
    })),
  );
  const report = compare({
    truth: Uint8Array.from(questions, (question) => Number(isRefundable(question))),
    champion: { name: champion, labels: Uint8Array.from(pairs, (pair) => Number(isPromise(pair.champion))) },
    challenger: { name: challenger, labels: Uint8Array.from(pairs, (pair) => Number(isPromise(pair.challenger))) },
  });
  const judged = await judgePairs(JUDGE.judge({ ask: askJudge }), [...pairs, ANCHOR], { champion, challenger });
  return gate(report, policy, [judged]);
}

/** Customers get the new prompt's answers, few at first. Whether a promise was right is known an hour later. */
async function rollOut(challenger: string): Promise<void> {
  const label = { kind: 'label', better: 'lower', margin: { relative: 0.25 }, window: '1h' } as const;
  const plan = defineRollout({
    challenger,
    stages: ['5%', '25%', '50%'],
    metrics: [
      { id: 'wrongPromises', measure: 'falseAlarm', ...label },
      { id: 'wrongRefusals', measure: 'missed', ...label },
    ],
    bake: '1h',
  });
  await using rollout = await startRollout(registry, endpoint, plan, {
    clock,
    random,
    score: (answer) => Number(isPromise(answer as Answer)),
  });
  console.log('  5 % of the customers');
  rollout.events.on('advanced', ({ share }) => console.log(`  ${100 * share} % of the customers`));
  rollout.events.on('promoted', ({ because }) => console.log(`  promoted: ${because.sentence}`));
  rollout.events.on('rolledBack', ({ because }) => console.log(`  rolled back: ${because.sentence}`));
  for (let customer = 0; !['completed', 'rolledBack'].includes(rollout.state.status); ) {
    for (let i = 0; i < 1_000; i++) {
      const question = ask(90); // after the holidays, people ask late
      const { decisionId } = await endpoint.predict(question, { unit: `customer-${customer++}` });
      endpoint.outcomes.record({ decisionId, value: Number(isRefundable(question)) });
    }
    await clock.advance(HOUR);
    await rollout.tick();
  }
}

function ask(latest: number): Question {
  return { days: Math.floor(latest * random.next()), question: 'May I send it back?' };
}
