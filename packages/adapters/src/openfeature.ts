export { type FlagSource, type OpenFeatureOptions, openFeatureProvider } from './openfeature/provider.js';
export { type FlagClient, type FlagRouterOptions, flagRouter } from './openfeature/router.js';
