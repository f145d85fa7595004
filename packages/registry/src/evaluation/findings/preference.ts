import { invalidInput } from '@millwright/core';
import { binomialTest } from '@millwright/core/statistics';
import { known, type Measure, ratio, unknown } from '../metrics/measure.js';

/** What a judge said of two answers: which position was better. */
export type Position = 'first' | 'second' | 'tie';

/** Two answers judged in both orders. Without `backward` only the first order was asked. */
export interface Game {
  readonly a: string;
  readonly b: string;
  /** With the answer of `a` first. */
  readonly forward: Position;
  /** With the answer of `b` first. */
  readonly backward?: Position | undefined;
}

/** Who won what, and how much of it was the position. */
export interface PreferenceTable {
  readonly models: readonly string[];
  /** `wins[i][j]`: games that model i won against j; one without agreement of both orders counts half for each. */
  readonly wins: readonly (readonly number[])[];
  /** Wins / games of each model. */
  readonly winRate: readonly Measure[];
  /** Share of games judged in both orders with the same outcome. */
  readonly consistency: Measure;
  /** Share of decisions for the first position, and the two-sided chance of that without a bias. */
  readonly firstPosition: Measure;
  readonly firstPositionP: number;
}

/** Counts games: a win counts only when both orders agree, otherwise it is half a win for each. */
export function preferences(games: readonly Game[]): PreferenceTable {
  const models = [...new Set(games.flatMap(({ a, b }) => [a, b]))].sort();
  const wins = models.map(() => models.map(() => 0));
  let [both, agreed, first, decided] = [0, 0, 0, 0];
  for (const game of games) {
    const { a, b, forward, backward } = game;
    if (a === b) throw invalidInput('games', 'two different models', a);
    const score = scoreOf(game);
    const [i, j] = [models.indexOf(a), models.indexOf(b)];
    wins[i]![j]! += score;
    wins[j]![i]! += 1 - score;
    if (backward !== undefined) both++;
    if (backward !== undefined && forward === mirrored(backward)) agreed++;
    for (const said of [forward, backward]) {
      if (said === 'first' || said === 'second') decided++;
      if (said === 'first') first++;
    }
  }
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    models,
    wins,
    winRate: models.map((_, i) => ratio(sum(wins[i]!), sum(wins[i]!) + sum(wins.map((row) => row[i]!)), 'no game')),
    consistency: ratio(agreed, both, 'no game was judged in both orders'),
    firstPosition: ratio(first, decided, 'every judgement was a tie'),
    firstPositionP: decided === 0 ? 1 : binomialTest(first, decided, 0.5).pValue,
  };
}

/** 1 when `a` won, 0 when `b` did, ½ for a tie or for two orders that disagree. */
export function scoreOf({ forward, backward }: Pick<Game, 'forward' | 'backward'>): 0 | 0.5 | 1 {
  if (forward === 'tie' || (backward !== undefined && forward !== mirrored(backward))) return 0.5;
  return forward === 'first' ? 1 : 0;
}

/**
 * Strengths of Bradley and Terry (1952), ties as halves, by Hunter's minorisation-maximisation: natural logarithms
 * relative to the first model. Undefined unless every model has beaten and lost against the others, over some chain:
 * without that the likelihood has no maximum.
 */
export function bradleyTerry({ models, wins }: Pick<PreferenceTable, 'models' | 'wins'>): readonly Measure[] {
  const k = models.length;
  const all = wins.flat().reduce((sum, won) => sum + won, 0);
  if (k < 2) return models.map(() => unknown('there are fewer than two models'));
  if (!connected(wins)) return models.map(() => unknown('some models never lost to, or never beat, the others', all));
  let strength = new Float64Array(k).fill(1);
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = strength.map((own, i) => {
      let [won, weight] = [0, 0];
      for (let j = 0; j < k; j++) {
        if (j === i) continue;
        won += wins[i]![j]!;
        weight += (wins[i]![j]! + wins[j]![i]!) / (own + strength[j]!);
      }
      return won / weight;
    });
    const scale = next[0]!;
    let moved = 0;
    for (let i = 0; i < k; i++) {
      next[i]! /= scale;
      moved = Math.max(moved, Math.abs(next[i]! / strength[i]! - 1));
    }
    strength = next;
    if (moved < SETTLED) break;
  }
  return Array.from(strength, (own) => known(Math.log(own), all));
}

const MOST_STEPS = 100_000;
const SETTLED = 1e-12;

function mirrored(said: Position): Position {
  if (said === 'tie') return said;
  return said === 'first' ? 'second' : 'first';
}

/** Whether wins lead from every model to every other one (Ford 1957). */
function connected(wins: readonly (readonly number[])[]): boolean {
  const reaches = (edge: (i: number, j: number) => number) => {
    const seen = new Set([0]);
    for (const i of seen) for (const j of wins.keys()) if (edge(i, j) > 0) seen.add(j);
    return seen.size === wins.length;
  };
  return reaches((i, j) => wins[i]![j]!) && reaches((i, j) => wins[j]![i]!);
}
