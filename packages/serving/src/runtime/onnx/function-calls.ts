/** Operators and functions (`domain:name`) that each function of a model calls, as often as it calls them. */
export type FunctionCalls = Map<string, string[]>;

/**
 * Nodes of the graph (the entry `''`) once onnxruntime has put functions in the place of their calls: thirty functions
 * that call the next one twice are a billion. Infinity for functions that call themselves.
 */
export function expandedNodes(calls: FunctionCalls, limit: number): number {
  const sizes = new Map<string, number>();

  function sizeOf(name: string, depth: number): number {
    const body = calls.get(name);
    if (body === undefined) return 1;
    const known = sizes.get(name);
    if (known !== undefined) return known;
    // Until it is known, whoever comes back here has gone in a circle.
    sizes.set(name, Number.POSITIVE_INFINITY);
    let size = 1;
    for (const callee of body) {
      size += depth < MAX_DEPTH ? sizeOf(callee, depth + 1) : Number.POSITIVE_INFINITY;
      if (size > limit) break;
    }
    sizes.set(name, size);
    return size;
  }

  return sizeOf('', 0);
}

/** Deeper than any exporter nests functions, and shallow enough for this thread's stack. */
const MAX_DEPTH = 100;
