import { digestJson, invalidInput } from '@millwright/core';
import type { Ledger } from '@millwright/core/ledger';
import { type Recommendation, type ReviewQueueOptions, reviewProjection, reviewQueue } from '@millwright/core/review';
import type { Rating } from './agreement-groups.js';
import type { Taxonomy } from './taxonomy.js';

/** Labelling by several people, each without the others' answers. Their work goes on in the review queue of the same name. */
export interface Labelling {
  /** Asks for labels. An item that was asked about before, under the same taxonomy, is not asked about again. */
  ask(items: readonly LabelItem[]): Promise<void>;
  /** What came of each item, in the order of asking. */
  results(): readonly LabelResult[];
  /** Every label that anybody gave, for `agreementBy`. Adjudications are not among them. */
  ratings(): readonly Rating[];
}

/** Something to be labelled; who labels it sees neither `gold` nor `suggestion`. */
export interface LabelItem {
  readonly id: string;
  /** What kind of item it is, for agreement by cohort. */
  readonly cohort?: string | undefined;
  /** The label that it is known to have, to measure the people. */
  readonly gold?: string | undefined;
  /** What a model would say; nobody sees it before deciding. */
  readonly suggestion?: { readonly label: string; readonly confidence?: number; readonly by?: string } | undefined;
  /** Until when, milliseconds since 1970. Default: no limit. */
  readonly dueAt?: number | undefined;
}

/** The label of an item, and how it came about. */
export interface LabelResult {
  readonly item: string;
  /** Undefined while it is open or disputed, or when it ran out of time. */
  readonly label: string | undefined;
  readonly how: 'open' | 'disputed' | 'agreed' | 'adjudicated' | 'timeout';
  /** Id of its review, to adjudicate. */
  readonly review: string;
}

/** The queue, the labels that people may give, and how many people each item takes. */
export interface LabellingOptions extends ReviewQueueOptions {
  /** Name of the review queue. */
  readonly queue: string;
  readonly taxonomy: Taxonomy;
  /** How many people label each item. Default 2. Where they differ, somebody else adjudicates. */
  readonly passes?: number | undefined;
  /** Default: `Which label?` */
  readonly question?: string | undefined;
}

/**
 * Opens a labelling. Choices are the labels that have none below them.
 *
 * @throws `input/invalid` for a taxonomy with fewer than two such labels
 */
export async function labelling(ledger: Ledger, options: LabellingOptions): Promise<Labelling> {
  const { queue: name, taxonomy, passes = 2, question = 'Which label?' } = options;
  const parents = new Set(taxonomy.nodes.map(({ parent }) => parent));
  const choices = taxonomy.nodes.map(({ id }) => id).filter((id) => !parents.has(id));
  if (choices.length < 2) throw invalidInput('taxonomy', 'two or more labels to choose from', choices.length);
  const queue = await reviewQueue(ledger, options);
  const prefix = `${name}:${digestJson([name, taxonomy.digest]).slice(7, 23)}:`;
  const reviews = () => [...ledger.state(reviewProjection).reviews.values()].filter(({ id }) => id.startsWith(prefix));
  return {
    async ask(items) {
      await Promise.all(
        items.map(({ id, cohort, gold, suggestion, dueAt }) =>
          queue.request({
            id: `${prefix}${digestJson(id).slice(7, 39)}`,
            queue: name,
            subject: JSON.stringify(cohort === undefined ? [id] : [id, cohort]),
            question,
            choices,
            decisionsNeeded: passes,
            blind: true,
            recommendation: suggestion && recommendation(suggestion),
            gold,
            dueAt,
          }),
        ),
      );
    },
    results: () =>
      reviews().map(({ id, subject, outcome, decisions }) => ({
        item: itemOf(subject).item,
        label: outcome?.choice,
        how: outcome?.how ?? (decisions.length >= passes ? 'disputed' : 'open'),
        review: id,
      })),
    ratings: () =>
      reviews().flatMap(({ subject, decisions }) =>
        decisions.map(({ by, choice, time }) => ({ ...itemOf(subject), rater: by, label: choice, time })),
      ),
  };
}

function recommendation({ label, ...who }: NonNullable<LabelItem['suggestion']>): Recommendation {
  return { choice: label, ...who };
}

function itemOf(subject: string): { readonly item: string; readonly cohort?: string } {
  const [item, cohort] = JSON.parse(subject) as readonly [string, string?];
  return cohort === undefined ? { item } : { item, cohort };
}
