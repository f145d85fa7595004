import type { NewEvent } from '@millwright/core/ledger';
import type { RolloutDefinition } from './definition.js';
import { rolloutEvent } from './events.js';
import type { RolloutEvidence } from './evidence.js';
import { type JudgeOptions, judge } from './judge.js';
import { type RolloutState, statisticsOf } from './state.js';
import { mergeStatistics, type RolloutStatistics } from './statistics.js';

/** What one start of one process has seen of a rollout so far. Cumulative: a higher number replaces all lower ones. */
export interface PublishedSums {
  /** `replica/id`, new with every start of a process. */
  readonly boot: string;
  readonly number: number;
  readonly epochs: RolloutStatistics;
}

/**
 * Where the processes that serve a model leave their sums for each other, faster and cheaper than in the ledger: Redis, a
 * table, a metrics server. Losing it costs time only: sums also reach the ledger with every flush. Sums that were lost, came
 * twice or in another order are harmless, because they are cumulative.
 */
export interface ObservationExchange {
  /** False when counts are sampled or interpolated: they may then roll back, and never advance or promote. */
  readonly exact: boolean;
  publish(rollout: string, own: PublishedSums): Promise<void>;
  /** The newest sums of each process, this one's perhaps among them. */
  read(rollout: string): Promise<readonly PublishedSums[]>;
}

/** An exchange within one process, for tests and for several endpoints side by side. */
export function memoryExchange(): ObservationExchange {
  const rollouts = new Map<string, Map<string, PublishedSums>>();
  return {
    exact: true,
    async publish(rollout, own) {
      const boots = rollouts.get(rollout) ?? new Map<string, PublishedSums>();
      rollouts.set(rollout, boots);
      if ((boots.get(own.boot)?.number ?? -1) < own.number) boots.set(own.boot, own);
    },
    read: async (rollout) => [...(rollouts.get(rollout)?.values() ?? [])],
  };
}

/** What a fleet knows together, as one of its processes sees it. */
export interface FleetSums {
  /**
   * Publishes what this process has seen and hears the others, unless it still does: an exchange that hangs or fails keeps
   * nobody from looking. A failure is reported.
   */
  trade(number: number, own: RolloutStatistics): void;
  /** The ledger's sums, fresher ones of others where they are exact, and our own. */
  exact(state: RolloutState, own: RolloutStatistics): RolloutStatistics;
  /** The same with approximate sums of others in place of older exact ones; undefined without any. */
  rough(state: RolloutState, own: RolloutStatistics): RolloutStatistics | undefined;
  /** Exact sums of others that the ledger lacks: written with the decision that they lead to, so that it can be replayed. */
  carried(state: RolloutState): readonly NewEvent[];
}

/** What one process knows of the fleet; without an exchange, the ledger’s sums and its own. */
export function fleetSums(options: {
  readonly exchange: ObservationExchange | undefined;
  readonly rollout: string;
  readonly replica: string;
  readonly boot: string;
  readonly failed: (error: unknown) => void;
}): FleetSums {
  const { exchange, rollout, replica, boot, failed } = options;
  let others: readonly PublishedSums[] = [];
  let trading = false;
  const fresher = (state: RolloutState) => others.filter((one) => newerThan(state, one).length > 0);
  return {
    trade(number, epochs) {
      if (exchange === undefined || trading) return;
      trading = true;
      exchange
        .publish(rollout, { boot, number, epochs })
        .then(() => exchange.read(rollout))
        .then((read) => {
          others = read.filter((one) => one.boot !== boot);
        })
        .catch(failed)
        .finally(() => {
          trading = false;
        });
    },
    exact: (state, own) => withOwn(exchange?.exact === true ? withOthers(state, fresher(state)) : state, boot, own),
    rough(state, own) {
      if (exchange === undefined || exchange.exact || others.length === 0) return undefined;
      return withOwn(withOthers(state, others), boot, own);
    },
    carried: (state) =>
      exchange?.exact === true
        ? fresher(state).map((one) => rolloutEvent('rollout.observed', { rollout, replica, ...one }))
        : [],
  };
}

/** The epochs of which the ledger has older sums of that process, or none. */
function newerThan({ observed }: RolloutState, { boot, number, epochs }: PublishedSums): RolloutStatistics {
  return epochs.filter(({ epoch }) => (observed[boot]?.[epoch]?.number ?? -1) < number);
}

function withOthers(state: RolloutState, others: readonly PublishedSums[]): RolloutState {
  const observed = { ...state.observed };
  for (const { boot, number, epochs } of others)
    observed[boot] = {
      ...observed[boot],
      ...Object.fromEntries(epochs.map((epoch) => [epoch.epoch, { number, epoch }])),
    };
  return { ...state, observed };
}

/** The sums of all replicas with this process's own, newer ones in place of what it wrote last. */
function withOwn(state: RolloutState, boot: string, own: RolloutStatistics): RolloutStatistics {
  const others = { ...state.observed };
  const written = others[boot];
  delete others[boot];
  const known = new Set(own.map(({ epoch }) => epoch));
  const earlier = Object.values(written ?? {}).filter(({ epoch }) => !known.has(epoch.epoch));
  const rest = statisticsOf({ ...state, observed: others });
  return mergeStatistics([rest, earlier.map(({ epoch }) => epoch), own]);
}

/** Judges by what is known exactly; what is only known roughly is asked about harm alone. Pure. */
export function judgeFleet(
  definition: RolloutDefinition,
  exact: RolloutStatistics,
  rough: RolloutStatistics | undefined,
  options: JudgeOptions,
): RolloutEvidence {
  const evidence = judge(definition, exact, options);
  if (rough === undefined || evidence.verdict === 'rollBack') return evidence;
  const warned = judge(definition, rough, options);
  if (warned.verdict !== 'rollBack') return evidence;
  const sentence = `${warned.because.sentence} Counts of other processes are approximate.`;
  return { ...warned, approximate: true, because: { ...warned.because, sentence } };
}
