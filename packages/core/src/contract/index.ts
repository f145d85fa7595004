export { type CheckResult, checkInput, checkOutput, type UsedFallback, type Violation, violated } from './check.js';
export * from './column.js';
export * from './compatibility.js';
export { type ContractDefinition, defineContract, parseContract } from './define.js';
export { type ContractFromProfileOptions, contractFromProfile } from './from-profile.js';
export { contractFromSchemas, fieldsFromJsonSchema, type JsonSchemaSource } from './from-schema.js';
export { contractFromSignature, type NamedTensor, type TensorFields } from './from-signature.js';
export { type OdcsContract, readOdcs } from './odcs.js';
export type * from './types.js';
