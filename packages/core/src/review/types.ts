import type { PayloadRef } from '../ledger/payload.js';

/** What people are asked: one decision, by one or more of them. */
export interface Review {
  readonly id: string;
  /** The queue it waits in: `labels`, `approvals`, `escalations`. */
  readonly queue: string;
  /** What it is about: a version, a decision id, an item to label. */
  readonly subject: string;
  readonly question: string;
  readonly choices: readonly string[];
  /** How many people must decide. */
  readonly decisionsNeeded: number;
  /** What the model would do. Not shown to reviewers of a blind review before they have decided. */
  readonly recommendation: Recommendation | undefined;
  readonly blind: boolean;
  /** Larger is more urgent. */
  readonly priority: number;
  /** The moment from which nobody decides any more, milliseconds since 1970. */
  readonly dueAt: number | undefined;
  /** What a review that nobody decided in time comes to. An approval comes to `reject`. */
  readonly onTimeout: string | undefined;
  /** The known answer of a gold item, to measure reviewers. */
  readonly gold: string | undefined;
  /** Who may decide and adjudicate; undefined: anyone. */
  readonly reviewers: readonly string[] | undefined;
  /** What was written beside the question, for `queue.note`. */
  readonly note: PayloadRef | undefined;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly claims: readonly Claim[];
  readonly decisions: readonly Decision[];
  readonly status: ReviewStatus;
  readonly outcome: ReviewOutcome | undefined;
  /** Leaf of the ledger, for a proof. */
  readonly eventIndex: number;
}

/** `disputed`: everybody has decided, and not the same; somebody else must adjudicate. */
export type ReviewStatus = 'open' | 'disputed' | 'closed';

/** What a machine would choose. */
export interface Recommendation {
  readonly choice: string;
  /** 0 to 1. */
  readonly confidence?: number | undefined;
  /** Version or policy that recommends. */
  readonly by?: string | undefined;
}

/** A reviewer's right to decide, for a while. */
export interface Claim {
  readonly by: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** Milliseconds since 1970. */
  readonly claimedAt: number;
}

/** What one reviewer decided. */
export interface Decision {
  readonly by: string;
  readonly choice: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Milliseconds from claim to decision. */
  readonly tookMs: number;
  /** What was written beside it, for `queue.note`. */
  readonly note?: PayloadRef | undefined;
}

/** How a review ended. */
export interface ReviewOutcome {
  /** Undefined when it ran out of time and nothing was to be chosen then. */
  readonly choice: string | undefined;
  readonly how: 'agreed' | 'adjudicated' | 'timeout';
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Who settled the dispute, and what was written beside it. */
  readonly adjudicated?: { readonly by: string; readonly reason: string; readonly note?: PayloadRef } | undefined;
}
