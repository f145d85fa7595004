import { invalidInput, MillwrightError, type RequestContext } from '@millwright/core';
import type { Contract, FieldSpec, Fields } from '@millwright/core/contract';
import { columnEncoder, reader } from '../endpoint/codec.js';
import type { Endpoint, Prediction, Row } from '../endpoint/types.js';
import { isAbstained } from '../guard/types.js';
import { checkFeeds } from '../runtime/feeds.js';
import type { LoadedModel, TensorSpec } from '../runtime/types.js';
import type { DType, TensorMap } from '../tensor/index.js';
import { unfit } from '../tensor/tensor.js';

/** What a handler serves under a name: tensors in, tensors out. */
export interface ServedModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What runs it, for its metadata: `onnxruntime`, `millwright`. */
  readonly platform: string;
  /** The version that would answer now; undefined where there are none. */
  readonly version: string | undefined;
  infer(feeds: TensorMap, context: RequestContext): Promise<Inferred>;
}

/** What a served model answers. */
export interface Inferred {
  readonly outputs: TensorMap;
  /** Goes into the response's parameters. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** A loaded model, one run per request. */
export function serveModel(model: LoadedModel): ServedModel {
  const { signature, facts } = model;
  return {
    inputs: signature.inputs,
    outputs: signature.outputs,
    platform: facts.runtime,
    version: undefined,
    infer: async (feeds, { signal }) => ({ outputs: await model.run(feeds, { signal }) }),
  };
}

/** How the rows of an endpoint look as tensors. */
export interface ServeEndpointOptions {
  /** Makes the tensors of the wire from fields: numbers as FP64, integers as INT64, text as BYTES, booleans as BOOL. */
  readonly contract?: Contract | undefined;
  /** The tensors of the wire, when there is no contract or they are to have other types. */
  readonly inputs?: readonly TensorSpec[] | undefined;
  readonly outputs?: readonly TensorSpec[] | undefined;
  /** Rows that one request may bring. Default 1,024. */
  readonly maxRows?: number | undefined;
}

/**
 * An endpoint whose rows come as tensors: row i of every input makes one call of `predict`, so that contract, guards,
 * routing, batching and decision records are those of every other request. The response's `decision_ids` are for
 * reporting outcomes.
 *
 * A request is answered as a whole: it fails as its first failing row does, and `serving/abstained` when a guard holds
 * back a row.
 *
 * @throws `input/invalid` when neither a contract nor tensors are named; `contract/invalid` for fields that are tensors
 */
export function serveEndpoint<I, O>(endpoint: Endpoint<I, O>, options: ServeEndpointOptions): ServedModel {
  const { contract, maxRows = 1_024 } = options;
  const inputs = options.inputs ?? specsOf(contract?.inputs);
  const outputs = options.outputs ?? specsOf(contract?.outputs);
  if (inputs.length === 0 || outputs.length === 0)
    throw invalidInput('contract', 'a contract, or `inputs` and `outputs`', contract);
  const encoders = outputs.map(columnEncoder);
  return {
    inputs,
    outputs,
    platform: 'millwright',
    get version() {
      return versionOf(endpoint.champion.model);
    },
    async infer(feeds, context) {
      const rows = rowsOf(inputs, feeds, maxRows);
      const answers = await predictAll(endpoint, rows, context);
      const given = answers.map(({ output }) => valuesOf(output));
      return {
        outputs: new Map(encoders.map((encoder) => [encoder.spec.name, encoder.rows(given)])),
        parameters: { decision_ids: answers.map(({ decisionId }) => decisionId).join(',') },
      };
    },
  };
}

const TYPES: Readonly<Record<FieldSpec['type'], DType | undefined>> = {
  number: 'float64',
  probability: 'float64',
  integer: 'int64',
  timestamp: 'int64',
  boolean: 'bool',
  category: 'string',
  text: 'string',
  tensor: undefined,
};

function specsOf(fields: Fields = {}): readonly TensorSpec[] {
  return Object.entries(fields).map(([name, field]) => {
    const dtype = TYPES[field.type];
    if (dtype === undefined)
      throw new MillwrightError('contract/invalid', `\`${name}\` is a tensor: pass \`inputs\` and \`outputs\`.`, {
        details: { path: name, reason: 'a tensor has no row form of its own' },
      });
    return { name, dtype, dims: ['rows'] };
  });
}

/** Inputs that are not there are left out of the rows: whether they may be is the contract's business. */
function rowsOf(specs: readonly TensorSpec[], feeds: TensorMap, maxRows: number): readonly Row[] {
  const present = specs.filter(({ name }) => feeds.has(name));
  checkFeeds({ inputs: present, outputs: [], batch: 'dynamic' }, feeds);
  const counts = new Set([...feeds.values()].map(({ dims }) => dims[0]));
  const [count] = counts;
  if (count === undefined || counts.size !== 1)
    throw unfit('inputs', 'the same number of rows', [...counts].join(', '));
  if (count > maxRows) throw unfit('inputs', `at most ${maxRows} rows`, `${count}`);
  const columns = [...feeds].map(([name, t]) => [name, count === 0 ? nothing : reader(t, count)] as const);
  return Array.from({ length: count }, (_, i) => {
    const row: Record<string, unknown> = Object.create(null);
    for (const [name, at] of columns) row[name] = at(i);
    return row;
  });
}

async function predictAll<I, O>(
  endpoint: Endpoint<I, O>,
  rows: readonly Row[],
  context: RequestContext,
): Promise<readonly Prediction<O>[]> {
  const { signal } = context;
  // A signal of its own for each row: a thousand listeners on one are taken for a leak.
  const aborts = signal === undefined ? [] : rows.map(() => new AbortController());
  const abortAll = () => {
    for (const abort of aborts) abort.abort(signal?.reason);
  };
  signal?.addEventListener('abort', abortAll, { once: true });
  // Every row is waited for, so that none is left to reject unheard.
  const settled = await Promise.allSettled(
    rows.map((row, i) => endpoint.predict(row as I, { ...context, signal: aborts[i]?.signal })),
  );
  signal?.removeEventListener('abort', abortAll);
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

function valuesOf(output: unknown): Row {
  if (isAbstained(output))
    throw new MillwrightError('serving/abstained', output.reason, {
      details: { guard: output.guard, reason: output.reason },
    });
  return output as Row;
}

function versionOf(model: string): string | undefined {
  const at = model.lastIndexOf('@');
  return at < 0 ? undefined : model.slice(at + 1);
}

function nothing(): undefined {}
