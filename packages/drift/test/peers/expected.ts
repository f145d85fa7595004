import type { peers } from '@millwright/drift/peers';

/** One comparison in the vectors, as the other tools have recorded it; non-finite numbers are words. */
export interface Expected {
  readonly evidently?: Readonly<Record<string, { readonly score?: number | string; readonly drifted?: boolean }>>;
  readonly nannyml?: Readonly<Record<string, number | string | null>>;
  readonly frouros?: Readonly<Record<string, number | string>>;
  readonly deepchecks_emd_minmax?: number;
  readonly tfdv_l_infinity?: number;
  readonly tfdv_js_divergence?: number;
  readonly 'psi_ref_deciles_eps1e-4'?: { readonly psi: number };
}

type Recorded = number | string | null | undefined;

/** Where the vectors hold the number that each named score has to equal. */
export const RECORDED = {
  'psi.evidently': (e) => e.evidently?.['psi']?.score,
  'js.evidently': (e) => e.evidently?.['jensenshannon']?.score,
  'kl.evidently': (e) => e.evidently?.['kl_div']?.score,
  'hellinger.evidently': (e) => e.evidently?.['hellinger']?.score,
  'w1.evidently': (e) => e.evidently?.['wasserstein']?.score,
  'energy.evidently': (e) => e.evidently?.['ed']?.score,
  'ks.evidently': (e) => e.evidently?.['ks']?.score,
  'anderson.evidently': (e) => e.evidently?.['anderson']?.score,
  'chi-square.evidently': (e) => e.evidently?.['chisquare']?.score,
  'z.evidently': (e) => e.evidently?.['z']?.score,
  'js.nannyml': (e) => e.nannyml?.['jensen_shannon'],
  'hellinger.nannyml': (e) => e.nannyml?.['hellinger'],
  'l-infinity.nannyml': (e) => e.nannyml?.['l_infinity'],
  'ks.nannyml': (e) => e.nannyml?.['kolmogorov_smirnov'],
  'w1.nannyml': (e) => e.nannyml?.['wasserstein'],
  'l-infinity.tfdv': (e) => e.tfdv_l_infinity,
  'js.tfdv': (e) => e.tfdv_js_divergence,
  'psi.frouros': (e) => e.frouros?.['PSI'],
  'hellinger.frouros': (e) => e.frouros?.['Hellinger'],
  'bhattacharyya.frouros': (e) => e.frouros?.['Bhattacharyya'],
  'intersection.frouros': (e) => e.frouros?.['HINormalizedComplement'],
  'js.frouros': (e) => e.frouros?.['JS'],
  'kl.frouros': (e) => e.frouros?.['KL'],
  'w1.deepchecks': (e) => e.deepchecks_emd_minmax,
  'psi.deciles': (e) => e['psi_ref_deciles_eps1e-4']?.psi,
} as const satisfies Partial<Record<keyof typeof peers, (expected: Expected) => Recorded>>;

/** Relative, for the scores that are not compared to 1e-9: roots of sums near 0, and scipy's p-values. */
export const TOLERANCE: Partial<Record<keyof typeof RECORDED, number>> = {
  'js.evidently': 1e-7,
  'hellinger.evidently': 1e-7,
  'energy.evidently': 1e-8,
  'ks.evidently': 1e-8,
  'anderson.evidently': 1e-3,
  'chi-square.evidently': 1e-6,
  'z.evidently': 1e-6,
  'js.nannyml': 1e-7,
  'hellinger.nannyml': 1e-7,
  'js.frouros': 1e-7,
  // Exact within the reference's range; how its bins go on beyond we have not found out.
  'w1.nannyml': 1e-4,
};
