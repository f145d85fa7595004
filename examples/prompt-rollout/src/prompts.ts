import { column } from '@millwright/core/contract';
import { defineJudge, definePrompt } from '@millwright/registry/generative';

const prompt = (rules: string) =>
  definePrompt({
    messages: [
      { role: 'system', text: `You answer customers who ask for a refund. ${rules}` },
      { role: 'user', text: 'Bought {{days}} days ago. {{question}}' },
    ],
    variables: { days: column.integer({ min: 0 }), question: column.text({ maxLength: 2_000 }) },
    model: 'local/answers@1',
  });

/** Three versions of one prompt. The third is what happens when everybody is tired of complaints. */
export const PROMPTS = [
  prompt('Be polite.'),
  prompt('Be brief. Refunds are possible within 30 days.'),
  prompt('Be brief. Refunds are possible within 30 days. Never disappoint a customer.'),
] as const;

/** Who says which of two answers is better. */
export const JUDGE = defineJudge({
  model: 'local/judge@1',
  prompt: 'A customer asked. Which answer is better: first, second or tie?',
  rubric: 'Friendly before unfriendly, then brief before long.',
});

/** A pair whose winner everybody knows: a judge that gets it wrong is not listened to. */
export const ANCHOR = {
  id: 'anchor',
  input: { days: 5, question: 'May I send it back?' },
  champion: { text: 'No.' },
  challenger: { text: 'Yes, with pleasure.' },
  expected: 'challenger',
} as const;
