import { fromHex } from '../foundation/bytes.js';
import type { Digest } from '../foundation/digest.js';
import { leafHash, sameHash } from '../verifier/merkle-hash.js';
import { extendsTree, includes } from '../verifier/merkle-proof.js';
import { encodeEvent } from './commit-codec.js';
import type { ConsistencyProof, InclusionProof, NewEvent } from './types.js';

/**
 * True when the proof shows that this event is in the ledger with the proof's root. The event may be given as the exact
 * bytes of its leaf. Trust in the answer is trust in the root: compare it with one that you have from elsewhere.
 */
export function verifyInclusion(proof: InclusionProof, event: NewEvent | Uint8Array): boolean {
  const { index, size } = proof;
  try {
    const leaf = leafHash(event instanceof Uint8Array ? event : encodeEvent(event));
    const [expected, root, ...path] = [proof.leafHash, proof.root, ...proof.path].map(hashOf);
    return sameHash(leaf, expected!) && includes({ index, size, leaf, path, root: root! });
  } catch {
    return false;
  }
}

/** True when the proof shows that the first head is a past state of the second: nothing was changed or removed. */
export function verifyConsistency({ first, second, path }: ConsistencyProof): boolean {
  try {
    return extendsTree({
      first: first.size,
      firstRoot: hashOf(first.root),
      second: second.size,
      secondRoot: hashOf(second.root),
      path: path.map(hashOf),
    });
  } catch {
    return false;
  }
}

function hashOf(digest: Digest): Uint8Array {
  return fromHex(digest.startsWith('sha256:') ? digest.slice('sha256:'.length) : 'not hexadecimal');
}
