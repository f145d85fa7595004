import type { Digest } from '../foundation/digest.js';

/** What can stand in the graph. `run` nodes use and make the others. */
export type LineageKind = 'run' | 'dataset' | 'model' | 'feature' | 'prompt' | 'index' | 'report' | 'artifact';

/** `kind:name@version` or `artifact:sha256:…`: one string that names one node for ever. */
export interface LineageNode {
  readonly id: string;
  readonly kind: LineageKind;
  readonly label: string;
  readonly digest?: Digest | undefined;
}

/** `from` was used by `to`, or `from` made `to`: data flows from `from` to `to`. */
export interface LineageEdge {
  readonly from: string;
  readonly to: string;
}
