export { cellsOf, poolCells, type TwoSampleCells } from './cells.js';
export { certifiedKs, ksOfSketches } from './certified.js';
export {
  type ChiSquare,
  type ChiSquareOptions,
  chiSquareTest,
  cramersV,
  cramersVCorrected,
  gTest,
} from './chi-square.js';
export {
  hellinger,
  type JensenShannonOptions,
  jensenShannon,
  kullbackLeibler,
  lInfinity,
  type PsiOptions,
  psi,
  shares,
  totalVariation,
} from './distances.js';
export { distribution, testCells } from './distribution.js';
export { type KsOptions, kolmogorovSmirnov, kolmogorovSmirnovOfCells, ks } from './kolmogorov-smirnov.js';
export { compareRates, missingTest, presenceTest, type Rate, rangeTest, unseenTest } from './presence.js';
export { type AndersonDarlingOptions, andersonDarling, cramerVonMises, mannWhitney, rankTests } from './rank-tests.js';
export type * from './types.js';
export { energyDistance, wasserstein } from './wasserstein.js';
