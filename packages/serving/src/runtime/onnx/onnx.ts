import { type Abortable, invalidInput, isMillwrightError, MillwrightError } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import { ALWAYS_ONE_AT_A_TIME, DEFAULT_PROVIDERS, hostedOrt, importOrt, KNOWN_PROVIDERS, tryOut, whyNot } from '#ort';
import { batchOf } from '../feeds.js';
import { checkGolden } from '../golden.js';
import { type Lock, lock, noLock } from '../lock.js';
import type {
  ExecutionProvider,
  LoadedModel,
  LoadPlan,
  ModelRuntime,
  ProviderName,
  RefusedProvider,
  TensorSignature,
  TensorSpec,
} from '../types.js';
import type { OrtAssets, OrtModule, OrtSession } from './ort.js';
import { mostWorkers, type PoolLimits, payingWorkers, roomForSpare } from './pool-size.js';
import { loadedSession, messageOf } from './session.js';
import { type VetOptions, type VetReport, vetModel } from './vet.js';

/** Which execution providers are tried, where sessions live, and what models may be. */
export interface OnnxOptions extends OrtAssets {
  /**
   * Execution providers to try, best first. Default in Node `cpu`, then `wasm`; in a page `webgpu`, then `wasm`. In Node
   * `cuda`, `tensorrt`, `webgpu`, `coreml` and `dml` are opt-in: name them before `cpu`.
   */
  readonly prefer?: readonly ProviderName[] | undefined;
  /** This provider or none: never falls back. */
  readonly require?: ProviderName | undefined;
  /** A copy of onnxruntime that the host has already loaded. Default: `onnxruntime-node` or `onnxruntime-web`, imported at the first load. */
  readonly ort?: OrtModule | undefined;
  /**
   * Where sessions live. `inline` (default) is cheapest but a run blocks this thread; `worker` keeps the event loop free
   * (about 50 µs and 1 ms per MB more); `process` also survives a model that crashes native code (about 130 µs and 2 ms
   * per MB more). Node only.
   */
  readonly placement?: 'inline' | 'worker' | 'process' | undefined;
  /** Workers or processes, each with its own copy of the weights; with limits, as many of them as pay. Default 1. */
  readonly workers?: number | PoolLimits | undefined;
  /**
   * With `process`: one process more stands by and takes over from one that ends. It has the model loaded already where the
   * provider is `cpu` and the copies of the weights stay within `workers.maxBytes` (2 GiB), else onnxruntime only. Default true.
   */
  readonly spare?: boolean | undefined;
  /** Threads inside one run. More than one is a tail-latency trap on shared hosts. Default 1. */
  readonly intraOpNumThreads?: number | undefined;
  /**
   * `true`: the models' makers are trusted; skips the checks against hostile graphs, not those against broken ones.
   * `false`: they are not at all; such models run in processes only, which can be killed. Default: checked, wherever they run.
   */
  readonly trusted?: boolean | undefined;
  /** What the checks allow: domains, operators to refuse, how large and how deep. */
  readonly vetting?: Omit<VetOptions, 'sideFiles' | 'trusted'> | undefined;
  /** CUDA, TensorRT and DirectML device. Default 0. */
  readonly deviceId?: number | undefined;
}

/**
 * ONNX models through onnxruntime: `onnxruntime-node` in Node, `onnxruntime-web` in a page, chosen by export condition.
 * A file is digest-checked and vetted before native code sees it; the ladder of providers is ours, because
 * onnxruntime's own list does not fall back in Node and falls back in silence in a page.
 *
 * @throws `input/invalid` for models that are not trusted anywhere but in a process
 */
export function onnx(options: OnnxOptions = {}): ModelRuntime {
  const wanted = options.require === undefined ? (options.prefer ?? DEFAULT_PROVIDERS) : [options.require];
  const { placement = 'inline', workers = 1, spare = true } = options;
  if (options.trusted === false && placement !== 'process')
    throw invalidInput('placement', '`process` for models that are not trusted', placement);
  const obtain = async (provider: ProviderName, count = 1) =>
    placement === 'inline' ? (options.ort ?? (await importOrt(provider, options))) : hostedOrt(placement, count);

  async function load(
    artifact: VerifiedArtifact,
    plan: LoadPlan = {},
    { signal }: Abortable = {},
  ): Promise<LoadedModel> {
    signal?.throwIfAborted();
    const file = plan.file ?? onlyModel(artifact);
    const bytes = await artifact.bytes(file, { signal });
    const report = vet(artifact, file, bytes, options);
    const externalData = await sideFiles(artifact, file, report, signal);
    const refused: RefusedProvider[] = [];
    let missing: unknown;
    for (const provider of wanted) {
      signal?.throwIfAborted();
      try {
        return await tryProvider(provider, { bytes, externalData, report, plan, refused });
      } catch (cause) {
        if (isMillwrightError(cause, 'peer/missing')) missing ??= cause;
        refused.push({ provider, reason: messageOf(cause) });
      }
    }
    if (missing !== undefined && refused.length === 1) throw missing;
    throw noProvider(refused, missing);
  }

  async function tryProvider(provider: ProviderName, rung: Rung): Promise<LoadedModel> {
    const { bytes, externalData, report, plan, refused } = rung;
    const reason = options.ort === undefined ? await unavailable(provider) : undefined;
    if (reason !== undefined) throw noProvider([{ provider, reason }], undefined, reason);
    if (placement !== 'inline' && provider === 'wasm') throw noProvider([], undefined, 'WASM runs inline only.');
    if (placement === 'worker' && provider === 'webgpu')
      throw noProvider([], undefined, 'WebGPU runs inline or in a process: two workers that use it can end theirs.');
    // WebGPU has one host; two processes would only take turns on the card.
    const most = placement === 'inline' || provider === 'webgpu' ? 1 : mostWorkers(workers, weightBytes(rung));
    const ort = await obtain(provider, most);
    const fragile = ALWAYS_ONE_AT_A_TIME || provider === 'webgpu' || provider === 'wasm';
    const oneAtATime: Lock = fragile && placement === 'inline' ? SHARED_LOCK : noLock;
    const deviceOutputs = placement === 'inline' ? (plan.deviceOutputs ?? []) : undefined;
    const how = { oneAtATime, concurrency: most, deviceOutputs };
    const startedAt = performance.now();
    const session = (await oneAtATime.run(() =>
      ort.InferenceSession.create(bytes, {
        ...sessionOptions(provider, externalData, options),
        ...outputLocations(provider, deviceOutputs),
      }),
    )) as OrtSession;
    const facts = {
      runtime: 'onnx',
      executionProvider: provider,
      placement,
      refused: [...refused],
      loadMs: performance.now() - startedAt,
      modelBytes: bytes.byteLength,
      padBatches: COMPILES_PER_SHAPE.has(provider),
    };
    const signature = signatureOf(report, session);
    const probe = loadedSession(ort, session, signature, { ...facts, parity: undefined }, how);
    try {
      const parity = await checkGolden(provider, plan, (feeds) => probe.run(feeds));
      const concurrency = typeof workers === 'number' ? most : await payingWorkers(probe, most);
      await session.keep?.(concurrency, spare ? spareFor(provider, concurrency, rung) : undefined);
      return loadedSession(ort, session, signature, { ...facts, parity }, { ...how, concurrency });
    } catch (error) {
      await probe.close();
      throw error;
    }
  }

  /** A graphics card has room for fewer copies than this machine, and says so too late. */
  function spareFor(provider: ProviderName, running: number, rung: Rung): 'started' | 'loaded' {
    return provider === 'cpu' && roomForSpare(workers, running, weightBytes(rung)) ? 'loaded' : 'started';
  }

  return {
    id: 'onnx',
    load,
    async probe(): Promise<readonly ExecutionProvider[]> {
      return await Promise.all(KNOWN_PROVIDERS.map((name) => probeProvider(name, obtain)));
    },
  };
}

interface Rung {
  readonly bytes: Uint8Array;
  readonly externalData: readonly SideFile[];
  readonly report: VetReport;
  readonly plan: LoadPlan;
  readonly refused: readonly RefusedProvider[];
}

function weightBytes({ bytes, externalData }: Rung): number {
  return externalData.reduce((sum, { data }) => sum + data.byteLength, bytes.byteLength);
}

interface SideFile {
  readonly path: string;
  readonly data: Uint8Array;
}

/** One lock for the whole process or page: a second onnxruntime call during a WebGPU or WASM one can kill either. */
const SHARED_LOCK = lock();

/** Providers that compile or tune kernels for each new shape. */
const COMPILES_PER_SHAPE = new Set<ProviderName>(['webgpu', 'cuda', 'tensorrt', 'coreml', 'dml', 'webnn']);

async function unavailable(provider: ProviderName): Promise<string | undefined> {
  if (!KNOWN_PROVIDERS.includes(provider)) return `Unknown here; known are ${KNOWN_PROVIDERS.join(', ')}.`;
  return (await whyNot(provider)) ?? (await tryOut(provider));
}

/** Whether the provider works: what loads a driver is tried in a child process, for the rest its import is enough. */
async function probeProvider(
  name: ProviderName,
  obtain: (name: ProviderName) => Promise<OrtModule>,
): Promise<ExecutionProvider> {
  try {
    const reason = await unavailable(name);
    if (reason === undefined) await obtain(name);
    return { name, available: reason === undefined, reason };
  } catch (cause) {
    return { name, available: false, reason: messageOf(cause) };
  }
}

function sessionOptions(provider: ProviderName, externalData: readonly SideFile[], options: OnnxOptions): object {
  const { intraOpNumThreads = 1, deviceId } = options;
  return {
    executionProviders: [deviceId === undefined ? provider : { name: provider, deviceId }],
    intraOpNumThreads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Memory that follows the largest shape ever seen is never given back (65 MB measured), and costs nothing to do without.
    enableMemPattern: false,
    // Errors reach us as exceptions; onnxruntime would print them as well.
    logSeverityLevel: 4,
    ...(externalData.length > 0 ? { externalData } : {}),
  };
}

/** Only WebGPU has memory that onnxruntime lets others use. */
function outputLocations(provider: ProviderName, deviceOutputs: readonly string[] = []): object {
  if (provider !== 'webgpu' || deviceOutputs.length === 0) return {};
  return { preferredOutputLocation: Object.fromEntries(deviceOutputs.map((name) => [name, 'gpu-buffer'])) };
}

function onlyModel(artifact: VerifiedArtifact): string {
  const models = artifact.manifest.files.map((file) => file.path).filter((path) => path.endsWith('.onnx'));
  if (models.length === 1) return models[0]!;
  throw new MillwrightError(
    'state/not-found',
    `Expected one \`.onnx\` file in the artifact, found ${models.length}. Name the one to load.`,
    { details: { what: 'model file', id: models.join(', ') } },
  );
}

function vet(artifact: VerifiedArtifact, file: string, bytes: Uint8Array, options: OnnxOptions): VetReport {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const files = artifact.manifest.files.filter((side) => side.path.startsWith(folder));
  const sizes = new Map(files.map((side) => [side.path.slice(folder.length), side.size]));
  const report = vetModel(bytes, { ...options.vetting, trusted: options.trusted, sideFiles: sizes });
  if (report.reasons.length === 0) return report;
  const { reasons, unsupported } = report;
  const code = unsupported ? 'serving/unsupported' : 'serving/untrusted-model';
  throw new MillwrightError(code, `The model \`${file}\` is refused: ${reasons.join(' ')}`, { details: { reasons } });
}

async function sideFiles(
  artifact: VerifiedArtifact,
  file: string,
  report: VetReport,
  signal: AbortSignal | undefined,
): Promise<SideFile[]> {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const load = async (path: string) => ({ path, data: await artifact.bytes(`${folder}${path}`, { signal }) });
  return await Promise.all(report.externalFiles.map(load));
}

/** The file's own signature; shapes that it leaves out are taken from what onnxruntime inferred. */
function signatureOf(report: VetReport, session: OrtSession): TensorSignature {
  const inferred = new Map(session.outputMetadata?.map((output) => [output.name, output.shape]));
  const outputs: TensorSpec[] = report.outputs.map((spec) => {
    const shape = inferred.get(spec.name);
    if (spec.dims !== undefined || shape === undefined || shape.length === 0) return spec;
    return {
      ...spec,
      dims: shape.map((dim) => (dim === '' || (typeof dim === 'number' && dim < 0) ? undefined : dim)),
    };
  });
  return { inputs: report.inputs, outputs, batch: batchOf(report.inputs, outputs) };
}

function noProvider(
  refused: readonly RefusedProvider[],
  cause?: unknown,
  message?: string,
): MillwrightError<'serving/no-provider'> {
  const list = refused.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ');
  return new MillwrightError(
    'serving/no-provider',
    message ?? `No execution provider could load the model (${list}).`,
    {
      details: { refused },
      cause,
    },
  );
}
