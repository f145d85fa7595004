import { seededRandom } from '@millwright/core';
import { type Alarms, categories, numbers, numbersOfPeers, rates, sketched, sketches } from './scenarios.js';

export interface SizeOptions {
  /** Pairs of samples per cell of the table. */
  readonly runs: number;
  /** Numbers of 10^5 rows, which are drawn one by one, get fewer. */
  readonly largeRuns: number;
  /** Samples of 10^5 and of 10^6 rows that are sketched; all pairs of them are compared. */
  readonly sketched: readonly [number, number];
  /** Leave out cells that lie between others. Default false. */
  readonly brief?: boolean | undefined;
  readonly seed: number;
}

/** How often a rule alarmed at the nominal 5 % although both samples were of one distribution. */
export interface SizeFact {
  readonly rule: string;
  readonly data: string;
  readonly rows: number;
  readonly runs: number;
  readonly rate: number;
  /** Rates beyond 5 % and three standard errors are too large. */
  readonly limit: number;
  readonly peer: boolean;
}

const SMALL = [20, 50, 200, 1_000] as const;
const ALL = [...SMALL, 100_000, 1_000_000] as const;
const CATEGORIES = [2, 5, 20, 200] as const;
const SHARES = [0.01, 0.3] as const;

/** Every test that gives a p-value, and rules of other tools, where nothing has changed. */
export function simulateSizes(options: SizeOptions): SizeFact[] {
  const random = seededRandom(options.seed);
  const facts: SizeFact[] = [];
  const cell = (data: string, rows: number, runs: number, run: (index: number) => Alarms) => {
    const counts = new Map<string, number>();
    for (let i = 0; i < runs; i++)
      for (const [rule, alarmed] of Object.entries(run(i))) counts.set(rule, (counts.get(rule) ?? 0) + Number(alarmed));
    for (const [rule, count] of counts)
      facts.push({
        rule,
        data,
        rows,
        runs,
        rate: count / runs,
        limit: 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs),
        peer: /^(Evidently|NannyML|whylogs):/.test(rule),
      });
  };
  const { runs, largeRuns, brief = false } = options;
  for (const n of SMALL) {
    cell('numbers', n, runs, () => numbers(random, n, n, false));
    cell('numbers', n, Math.ceil(runs / 20), () => numbersOfPeers(random, n, n));
    if (brief && n !== 50) continue;
    cell('numbers, mostly ties', n, runs, () => numbers(random, n, n, true));
    cell('numbers against 1,000', n, runs, () => numbers(random, 1_000, n, false));
    if (!brief)
      cell('numbers, ten times as many', n, n < 1_000 ? runs : Math.ceil(runs / 5), () =>
        numbers(random, n, 10 * n, false),
      );
  }
  if (brief) cell('numbers, ten times as many', 200, runs / 4, () => numbers(random, 200, 2_000, false));
  cell('numbers', 100_000, largeRuns, () => numbers(random, 100_000, 100_000, false));
  cell('numbers', 100_000, Math.ceil(largeRuns / 20), () => numbersOfPeers(random, 100_000, 100_000));
  for (const n of ALL) {
    for (const size of CATEGORIES) {
      if (brief && (size === 5 || (size === 20 && n !== 50 && n !== 100_000))) continue;
      cell(`${size} categories`, n, runs, () => categories(random, n, n, size));
      if (n < 1_000 && (!brief || n === 50))
        cell(`${size} categories against 1,000`, n, runs, () => categories(random, 1_000, n, size));
    }
    for (const share of SHARES) cell(`a share of ${share}`, n, runs, () => rates(random, n, n, share));
  }
  for (const [i, n] of [100_000, 1_000_000].entries()) {
    const samples = Array.from({ length: options.sketched[i]! }, () => sketched(random, n));
    const pairs = samples.flatMap((a, at) => samples.slice(at + 1).map((b) => [a, b] as const));
    cell('sketches', n, pairs.length, (at) => sketches(...pairs[at]!));
  }
  return facts;
}

/** One line per rule and data, one column per number of rows, in per cent; `!` marks what is too large. */
export function sizeTable(facts: readonly SizeFact[]): string {
  const lines = new Map<string, Map<number, SizeFact>>();
  for (const fact of facts) {
    const key = `${fact.rule} | ${fact.data}`;
    lines.set(key, (lines.get(key) ?? new Map()).set(fact.rows, fact));
  }
  const show = (fact: SizeFact | undefined) =>
    fact === undefined ? '' : `${(100 * fact.rate).toFixed(1)}${fact.rate > fact.limit ? ' !' : ''}`;
  const body = [...lines]
    .sort(([, a], [, b]) => Number([...a.values()][0]!.peer) - Number([...b.values()][0]!.peer))
    .map(([key, byRows]) => `| ${key} | ${ALL.map((rows) => show(byRows.get(rows))).join(' | ')} |`);
  return [
    `| alarms in 100 quiet pairs, nominal 5 | data | ${ALL.map((rows) => rows.toLocaleString('en')).join(' | ')} |`,
    `|---|---|${ALL.map(() => '--:').join('|')}|`,
    ...body,
  ].join('\n');
}
