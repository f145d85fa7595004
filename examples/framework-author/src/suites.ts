import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifact, putArtifact } from '@millwright/core/artifact';
import { type Case, logStoreCases } from '@millwright/core/conformance';
import { memoryBlobs } from '@millwright/core/storage';
import { tensor, tensors } from '@millwright/serving';
import { modelRuntimeCases, type RuntimeFixture } from '@millwright/serving/conformance';
import { jsonLinesLog } from './json-lines-log.js';
import { type Scorecard, scorecardRuntime } from './scorecard-runtime.js';

/** The published suites, bound to what this example implements. `end` removes the files. */
export function suites(): { readonly log: readonly Case[]; readonly runtime: readonly Case[]; end(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'framework-author-'));
  return {
    log: logStoreCases((place) => jsonLinesLog(join(folder, place)), { reopen: true }),
    runtime: modelRuntimeCases(fixture),
    end: () => rmSync(folder, { recursive: true }),
  };
}

export const LATE: Scorecard = { start: -2, points: { hour: 0.1, rain: 1.5 } };

export const filesOf = (card: Scorecard) => ({ 'scorecard.json': new TextEncoder().encode(JSON.stringify(card)) });

/** One model and one run whose answer is known: 1 / (1 + e^0.5) and 1 / (1 + e^-1.5). */
async function fixture(): Promise<RuntimeFixture> {
  const blobs = memoryBlobs();
  const { digest } = await putArtifact(blobs, filesOf(LATE));
  return {
    runtime: scorecardRuntime(),
    artifact: await openArtifact(blobs, digest),
    feeds: tensors({
      hour: tensor('float32', [2], Float32Array.of(0, 20)),
      rain: tensor('float32', [2], Float32Array.of(1, 1)),
    }),
    outputs: tensors({ probability: tensor('float32', [2], Float32Array.of(0.37754067, 0.81757448)) }),
  };
}
