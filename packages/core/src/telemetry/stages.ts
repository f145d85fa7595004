import { type Clock, systemClock } from '../foundation/clock.js';
import { type LatencyHistogram, type LatencySummary, latencyHistogram } from './histogram.js';

/** How long each stage of a pipeline takes, and how often it takes longer than it may. */
export interface StageTimer<Stage extends string> {
  /** Runs the stage and records its duration, also when it throws. */
  time<T>(stage: Stage, work: () => T): T;
  /** `over` says that it took more than its budget where the duration does not: of work that was ended before it was done. */
  record(stage: Stage, ms: number, over?: boolean): void;
  summary(): ReadonlyMap<Stage, StageSummary>;
}

/** How long a stage takes. */
export interface StageSummary extends LatencySummary {
  /** What the stage may take, and how many times it took more. */
  readonly budgetMs: number | undefined;
  readonly overBudget: number;
}

/** What each stage may take; others have no budget. */
export interface StageTimerOptions<Stage extends string> {
  readonly budgetsMs?: Partial<Record<Stage, number>> | undefined;
  readonly clock?: Clock | undefined;
}

/** A timer without measurements yet. */
export function stageTimer<Stage extends string>(options: StageTimerOptions<Stage> = {}): StageTimer<Stage> {
  const { budgetsMs = {}, clock = systemClock } = options;
  const stages = new Map<Stage, { readonly histogram: LatencyHistogram; overBudget: number }>();
  const budgetOf = (stage: Stage) => (budgetsMs as Partial<Record<Stage, number>>)[stage];

  function record(stage: Stage, ms: number, over = ms > (budgetOf(stage) ?? Number.POSITIVE_INFINITY)): void {
    let entry = stages.get(stage);
    if (entry === undefined) {
      entry = { histogram: latencyHistogram(), overBudget: 0 };
      stages.set(stage, entry);
    }
    entry.histogram.record(ms);
    if (over) entry.overBudget++;
  }

  return {
    record,
    time(stage, work) {
      const startedAt = clock.monotonic();
      const done = () => record(stage, clock.monotonic() - startedAt);
      let result: ReturnType<typeof work>;
      try {
        result = work();
      } catch (error) {
        done();
        throw error;
      }
      if (result instanceof Promise) return result.finally(done) as typeof result;
      done();
      return result;
    },
    summary: () =>
      new Map(
        [...stages].map(([stage, { histogram, overBudget }]) => [
          stage,
          { ...histogram.summary(), budgetMs: budgetOf(stage), overBudget },
        ]),
      ),
  };
}
