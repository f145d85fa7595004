import { closable, MillwrightError } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import { checkFeeds, checkGolden, type ModelRuntime, type Tensor, type TensorMap, tensor } from '@millwright/serving';

/** What is in a model's file: points per unit of each input, and the points that everybody starts with. */
export interface Scorecard {
  readonly start: number;
  readonly points: Readonly<Record<string, number>>;
}

/** A runtime for scorecards, the logistic models that banks write down as tables of points: `scorecard.json`. */
export function scorecardRuntime(): ModelRuntime {
  return {
    id: 'scorecard',
    probe: async () => [{ name: 'javascript', available: true }],
    async load(artifact, plan = {}, { signal } = {}) {
      signal?.throwIfAborted();
      const started = performance.now();
      const { card, bytes } = await readCard(artifact, plan.file ?? 'scorecard.json', signal);
      const names = Object.keys(card.points);
      const spec = (name: string) => ({ name, dtype: 'float32', dims: ['rows'] }) as const;
      const signature = { inputs: names.map(spec), outputs: [spec('probability')], batch: 'dynamic' } as const;
      let closed = false;

      async function run(feeds: TensorMap): Promise<TensorMap> {
        if (closed) throw new MillwrightError('state/closed', 'The model was closed.', { details: { what: 'model' } });
        checkFeeds(signature, feeds);
        const columns = names.map((name) => feeds.get(name) as Tensor<'float32'>);
        const weights = names.map((name) => card.points[name]!);
        const score = (row: number) => columns.reduce((sum, { data }, i) => sum + weights[i]! * data[row]!, card.start);
        const rows = columns[0]!.data.length;
        const data = Float32Array.from({ length: rows }, (_, row) => 1 / (1 + Math.exp(-score(row))));
        return new Map([['probability', tensor('float32', [rows], data)]]);
      }

      const facts = {
        runtime: 'scorecard',
        executionProvider: 'javascript',
        placement: 'inline',
        refused: [],
      } as const;
      const parity = await checkGolden('javascript', plan, run);
      const measured = { loadMs: performance.now() - started, modelBytes: bytes, parity, padBatches: false };
      const close = closable(() => {
        closed = true;
      });
      return { signature, facts: { ...facts, ...measured }, concurrency: 1, run, ...close };
    },
  };
}

async function readCard(artifact: VerifiedArtifact, file: string, signal: AbortSignal | undefined) {
  const bytes = await artifact.bytes(file, { signal });
  const card = JSON.parse(new TextDecoder().decode(bytes)) as Scorecard;
  const numbers = [card.start, ...Object.values(card.points ?? {})];
  if (numbers.length > 1 && numbers.every(Number.isFinite)) return { card, bytes: bytes.byteLength };
  const reasons = [`${file} needs a number \`start\` and at least one number in \`points\``];
  throw new MillwrightError('serving/untrusted-model', `The model was refused: ${reasons}.`, { details: { reasons } });
}
