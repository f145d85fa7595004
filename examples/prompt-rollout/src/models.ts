import type { Random } from '@millwright/core';
import type { JudgeQuestion } from '@millwright/registry/evaluation';
import type { PromptMessage } from '@millwright/registry/generative';

/** A customer's question, and what is right: a service of yours hears it later, from those who handle refunds. */
export interface Question {
  readonly days: number;
  readonly question: string;
}
export const isRefundable = ({ days }: Question): boolean => days <= 30;

/** What a customer reads. */
export interface Answer {
  readonly text: string;
}
export const isPromise = ({ text }: Answer): boolean => text.startsWith('Yes');

/**
 * Stands in for a model behind an API: it does what the prompt says, guesses where it says nothing, pleases where it is
 * told to please, and slips now and then. Put your own call here.
 */
export function localModel(random: Random): (messages: readonly PromptMessage[]) => Promise<Answer> {
  return async (messages) => {
    const prompt = messages.map(({ text }) => text).join('\n');
    const days = Number(/(\d+) days ago/.exec(prompt)?.[1]);
    const limit = /within (\d+) days/.exec(prompt)?.[1];
    const knows = limit === undefined ? random.next() < 0.8 : days <= Number(limit);
    const slips = random.next() < 0.02;
    const pleases = /never disappoint/i.test(prompt);
    const promises = knows !== slips || (pleases && random.next() < 0.3);
    const answer = promises ? `Yes${pleases ? ', with pleasure' : ''}.` : 'No.';
    return { text: /be brief/i.test(prompt) ? answer : `${answer} Thank you so much for asking us about this.` };
  };
}

/** Stands in for a judge behind an API. Like many, it knows what is friendly and brief, and not what is right. */
export function askJudge({ first, second }: JudgeQuestion<Question, Answer>): 'first' | 'second' | 'tie' {
  const worth = ({ text }: Answer) => (/pleasure/.test(text) ? 1_000 : 0) - text.length;
  const difference = worth(first) - worth(second);
  return difference === 0 ? 'tie' : difference > 0 ? 'first' : 'second';
}
