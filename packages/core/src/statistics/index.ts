export * from './compare/delong.js';
export * from './compare/exact.js';
export * from './compare/mcnemar.js';
export * from './compare/power.js';
export * from './compare/resample.js';
export * from './compare/t-test.js';
export * from './compare/wilcoxon.js';
export * from './descriptive/isotonic.js';
export * from './descriptive/order.js';
export * from './descriptive/quantile.js';
export * from './distribution/beta.js';
export * from './distribution/cramer-von-mises.js';
export * from './distribution/discrete.js';
export * from './distribution/gamma.js';
export { logBeta, logChoose, logGamma } from './distribution/gamma-function.js';
export * from './distribution/kolmogorov.js';
export * from './distribution/normal.js';
export { findRoot } from './distribution/root.js';
export * from './distribution/sample.js';
export * from './distribution/student-t.js';
export * from './interval/difference.js';
export {
  agrestiCoull,
  clopperPearson,
  type Interval,
  jeffreysInterval,
  type Proportion,
  wilsonInterval,
} from './interval/proportion.js';
export * from './multiplicity/adjust.js';
export * from './sequential/betting.js';
export * from './sequential/conditional-odds.js';
export * from './sequential/log-sum.js';
export * from './sequential/mean.js';
export * from './sequential/merge.js';
export {
  bernoulliSequence,
  bestRho,
  betaBinomialMixture,
  gammaExponentialMixture,
  gammaPoissonMixture,
  type Mixture,
  normalMixture,
  normalMixtureOf,
  polynomialStitching,
  type Tuning,
} from './sequential/mixture.js';
export * from './sequential/multinomial.js';
export {
  type QuantileHarmOptions,
  quantileDifferenceLogE,
  quantileHarmLogE,
  quantileSequence,
} from './sequential/quantile.js';
export { distributionBand, doubleStitching } from './sequential/quantile-bands.js';
export * from './sequential/quantile-histogram.js';
