export { type Certificate, readCertificates } from './certificate.js';
export type { BadFile } from './compare-files.js';
export {
  type Envelope,
  type EnvelopeSignature,
  type EnvelopeVerdict,
  preAuthEncode,
  signEnvelope,
  type VerifyEnvelopeOptions,
  verifyEnvelope,
} from './dsse.js';
export {
  type SignatureHash,
  type SigningKey,
  signingKey,
  type VerifyingKey,
  type VerifyingKeyOptions,
  verifyingKey,
} from './key.js';
export { MODEL_SIGNATURE_TYPE, modelStatement, type SignModelOptions, signModel } from './sign-model.js';
export { IN_TOTO_PAYLOAD, type InTotoStatement, parseStatement, STATEMENT_TYPE } from './statement.js';
export { type ModelRefusal, type ModelVerdict, type VerifyModelOptions, verifyModelSignature } from './verify-model.js';
