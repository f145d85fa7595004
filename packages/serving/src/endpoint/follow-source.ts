import type { ModelSource, ResolvedModel } from '@millwright/core';

/** Calls `adopt` each time the source changes, one after the other. A model that does not load leaves the old one serving. */
export async function followSource(
  source: ModelSource,
  adopt: (model: ResolvedModel) => Promise<unknown>,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const report = (error: unknown) => {
    if (!signal.aborted) onError(error);
  };
  try {
    for await (const resolved of source.watch?.({ signal }) ?? []) await adopt(resolved).catch(report);
  } catch (error) {
    report(error);
  }
}
