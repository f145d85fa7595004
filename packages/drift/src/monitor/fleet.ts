import { invalidInput } from '@millwright/core';
import { mergedLogE } from '@millwright/core/statistics';

/** What one replica or browser tab reports: one number. */
export interface ReplicaEvidence {
  readonly replica: string;
  /** ln of its e-process against "nothing has changed", as of now. */
  readonly logE: number;
}

/** What all replicas together have seen. */
export interface FleetVerdict {
  readonly verdict: 'drift' | 'noDrift' | 'insufficient';
  /** ln of the mean e-value. */
  readonly logE: number;
  /** The always-valid p-value, 1 / E. */
  readonly pValue: number;
  /** The replica that contributes most. */
  readonly cause: string | undefined;
  /** How many the mean is over, the silent ones included. */
  readonly replicas: number;
}

/**
 * One verdict over many replicas, none of which sends its rows: the mean of e-values is an e-value, whatever the
 * replicas share and whenever each of them last reported (Vovk and Wang 2021). Looked at as often as one likes, it alarms
 * without cause with a chance of at most `alpha`, in all its life. Replicas may report in any order; of several reports
 * of one, the last in the list counts.
 *
 * @param options `replicas`: how many there are, if not all have reported; the silent ones count as an e-value of 1
 * @throws `input/invalid` for α out of range, or fewer replicas than have reported
 */
export function fleetVerdict(
  evidence: Iterable<ReplicaEvidence>,
  options: { readonly alpha?: number | undefined; readonly replicas?: number | undefined } = {},
): FleetVerdict {
  const { alpha = 0.05 } = options;
  if (!(alpha > 0 && alpha < 1)) throw invalidInput('alpha', 'a number between 0 and 1', alpha);
  const latest = new Map<string, number>();
  for (const { replica, logE } of evidence) latest.set(replica, logE);
  const replicas = options.replicas ?? latest.size;
  if (!(replicas >= latest.size)) throw invalidInput('replicas', `at least the ${latest.size} that reported`, replicas);
  const names = [...latest.keys()].sort();
  const silent = Array<number>(replicas - names.length).fill(0);
  if (names.length === 0) return { verdict: 'insufficient', logE: 0, pValue: 1, cause: undefined, replicas };
  const { logE, cause } = mergedLogE([...names.map((name) => latest.get(name)!), ...silent]);
  return {
    verdict: logE >= -Math.log(alpha) ? 'drift' : 'noDrift',
    logE,
    pValue: Math.min(1, Math.exp(-logE)),
    cause: names[cause],
    replicas,
  };
}
