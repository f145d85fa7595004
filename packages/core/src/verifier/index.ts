export { type EventVerdict, type ProvenCommit, type ProvenEvent, verifyEventProof } from './event-proof.js';
export { emptyRoot, leafHash, nodeHash } from './merkle-hash.js';
export { extendsTree, includes } from './merkle-proof.js';
export {
  COSIGNATURE,
  ED25519,
  ed25519Signer,
  ed25519Verifier,
  type NoteSigner,
  type NoteVerdict,
  type NoteVerifier,
  noteKeyId,
  signNote,
  verifierKeyOf,
  verifyNote,
} from './note.js';
export { formatTreeHead, headOf, parseTreeHead, type TreeHead } from './tlog-checkpoint.js';
export {
  formatTlogProof,
  type ProofVerdict,
  parseTlogProof,
  type TlogProof,
  type VerifyProofOptions,
  verifyTlogProof,
} from './tlog-proof.js';
export { type HeadVerdict, type VerifyHeadOptions, verifyTreeHead, type WitnessQuorum } from './tree-head.js';
