import type { ModelPolicy, ModelVersion } from '@millwright/registry';
import {
  type CalibrationReport,
  calibration,
  compare,
  confusion,
  type EvaluationReport,
  type GatePolicy,
  type GateVerdict,
  gate,
  precision,
  recall,
} from '@millwright/registry/evaluation';
import { percent } from './console.js';
import { type Factory, MODEL_TEAM, OPERATIONS } from './factory.js';
import type { FlightArrays } from './flights.js';
import { MODEL, type Trained } from './models.js';
import { predict, truth, warnings } from './train.js';

/**
 * Better at telling probabilities, provably, and worse at no airport and no time of day beyond what a week of odd weather
 * at one airport may do.
 */
const GATE: GatePolicy = {
  rules: [
    { rule: 'superior', metric: 'logLoss' },
    { rule: 'noHarm', metric: 'logLoss', slices: ['airports', 'time of day'], margin: 0.03 },
  ],
};

/** A first model has no champion to protect: it only has to know more than the average does. */
const FIRST_GATE: GatePolicy = { rules: [{ rule: 'superior', metric: 'logLoss' }] };

/** Who may become champion: what has passed the gate lately and was approved by operations, who did not train it. */
const POLICY: ModelPolicy = {
  aliases: {
    champion: {
      evidence: [{ kind: 'gate', maxAgeMs: 60 * 86_400_000 }],
      approvals: [{ role: 'operations', from: [OPERATIONS] }],
    },
  },
};

export async function createModel({ registry }: Factory): Promise<void> {
  await registry.models.create(MODEL, {
    owner: 'passenger-information',
    risk: 'limited',
    intendedUse: 'Warn passengers of US domestic flights that are probably going to leave 15 minutes late or more.',
    outOfScope: 'Crew planning, compensation, anything that decides about a person.',
  });
  await registry.policies.set(MODEL, POLICY, { reason: 'House rules for models that talk to passengers.' });
}

export interface Judged {
  readonly report: EvaluationReport;
  readonly verdict: GateVerdict;
  /** How far the probabilities of the challenger, and of the champion where there is one, are from what happened. */
  readonly calibration: Readonly<Record<string, CalibrationReport>>;
  /** What travellers would notice. */
  readonly inWords: string;
}

/** Compares two models on the same flights, judges the challenger, and attaches the verdict to it as evidence. */
export async function judge(
  { registry }: Factory,
  flights: FlightArrays,
  rows: { readonly start: number; readonly end: number },
  champion: Trained | undefined,
  challenger: Trained,
): Promise<Judged> {
  const y = truth(flights, rows);
  // Without a champion the challenger has to beat the one number that everybody knows: the share of late flights.
  const scores = champion && predict(champion.weights, flights, rows);
  const challenged = predict(challenger.weights, flights, rows);
  const share = y.reduce((sum, late) => sum + late, 0) / y.length;
  const report = compare({
    truth: y,
    champion:
      champion === undefined
        ? { name: 'the average', scores: new Float64Array(y.length).fill(share) }
        : { name: champion.version.id, scores },
    challenger: { name: challenger.version.id, scores: challenged },
    primary: 'logLoss',
    metrics: ['logLoss', 'brier', 'rocAuc'],
    sliceMetrics: ['logLoss'],
    slices: { airports: airportGroups(flights, rows), 'time of day': timesOfDay(flights, rows) },
  });
  const verdict = gate(report, champion === undefined ? FIRST_GATE : GATE);
  await registry.models.attachEvidence(challenger.version, verdict);
  const calibrated = {
    [challenger.version.id]: calibration({ truth: y, scores: challenged }),
    ...(champion && scores && { [champion.version.id]: calibration({ truth: y, scores }) }),
  };
  return { report, verdict, calibration: calibrated, inWords: inWords(flights, rows, champion, challenger) };
}

/** The gate judges probabilities; travellers notice warnings. */
function inWords(
  flights: FlightArrays,
  rows: { readonly start: number; readonly end: number },
  champion: Trained | undefined,
  challenger: Trained,
): string {
  const of = ({ weights }: Trained) => {
    const cells = confusion(truth(flights, rows), warnings(weights, flights, rows));
    return { found: percent(recall(cells).value!), right: percent(precision(cells).value!) };
  };
  const own = of(challenger);
  const said = `it warns of ${own.found} of the late flights, and ${own.right} of its warnings are right`;
  if (champion === undefined) return `For travellers: ${said}.`;
  const before = of(champion);
  return `For travellers: ${said}; with ${champion.version.id} that is ${before.found} and ${before.right}.`;
}

/** Operations read the verdict and agree. */
export async function approve({ registry }: Factory, version: ModelVersion, verdict: GateVerdict): Promise<void> {
  await registry.models.approve(version, {
    role: 'operations',
    reason: `Read the gate's verdict: ${verdict.decision}.`,
    actor: OPERATIONS,
  });
}

export async function makeChampion({ registry }: Factory, version: ModelVersion, reason: string): Promise<void> {
  await registry.models.moveAlias(MODEL, 'champion', version, { reason, actor: MODEL_TEAM });
}

/** The ten busiest airports each, the others together. */
function airportGroups(flights: FlightArrays, rows: { readonly start: number; readonly end: number }) {
  const traffic = new Int32Array(flights.origins.length);
  for (let row = rows.start; row < rows.end; row++) traffic[flights.origin[row]!]!++;
  const busiest = [...traffic.keys()].sort((a, b) => traffic[b]! - traffic[a]!).slice(0, 10);
  const groupOf = new Int32Array(flights.origins.length).fill(busiest.length);
  for (const [group, airport] of busiest.entries()) groupOf[airport] = group;
  const codes = new Int32Array(rows.end - rows.start);
  for (let i = 0; i < codes.length; i++) codes[i] = groupOf[flights.origin[rows.start + i]!]!;
  return { codes, labels: [...busiest.map((airport) => flights.origins[airport]!), 'other airports'] };
}

const TIMES = ['night', 'morning', 'midday', 'afternoon', 'evening'] as const;

function timesOfDay(flights: FlightArrays, rows: { readonly start: number; readonly end: number }) {
  const codes = new Int32Array(rows.end - rows.start);
  for (let i = 0; i < codes.length; i++) {
    const hour = flights.hour[rows.start + i]!;
    codes[i] = hour < 5 ? 0 : hour < 10 ? 1 : hour < 14 ? 2 : hour < 18 ? 3 : 4;
  }
  return { codes, labels: TIMES };
}
