import { type Abortable, invalidInput, MillwrightError, type ModelSource, type ResolvedModel } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import { checkSignature, type ModelDescription, parseDescription, piecesOf } from './description.js';
import { type DownloadOptions, download } from './download.js';
import { keepModel, keptModels, refuseModel } from './kept-models.js';

/** Who must have published the model, and how large it may be. */
export interface ModelAtOptions extends Omit<DownloadOptions, 'signal'> {
  /** The publisher's public key (Ed25519 or ECDSA). With it, an unsigned or foreign description is refused. */
  readonly verifyWith?: CryptoKey | undefined;
  /**
   * Bytes that the model's files may have together; memory holds them up to three times while a session is made.
   * Default 1 GiB, or a sixteenth of the device's memory where the browser tells it.
   */
  readonly maxBytes?: number | undefined;
}

/** A model that is published at a URL, and what this device keeps of it. */
export interface PublishedModel extends ModelSource {
  /** Call when the model works: with a store, it is what a visit without network starts with. */
  keep(model: ResolvedModel): Promise<void>;
  /**
   * Goes back to the model that was kept before, without network, and does not take this one again until another is
   * published. @throws `state/not-found` when none is kept
   */
  goBack(from: ResolvedModel): Promise<ModelSource>;
}

/**
 * A model that is published at a URL: a description (`describeModel`) with the files beside it. Every file is
 * verified against the description, and the description against the publisher's key. With a store, a visit without
 * network gets the model that was kept last.
 *
 * @example
 * const model = modelAt(new URL('/models/flight-delay/champion.json', location.href), { verifyWith: publisherKey });
 */
export function modelAt(url: string | URL, options: ModelAtOptions = {}): PublishedModel {
  const at = absolute(url);
  const { store, verifyWith } = options;
  const kept = async () => (store === undefined ? { models: [], refused: [] } : await keptModels(store, at));
  const descriptions = new Map<string, ModelDescription>();

  async function take(description: ModelDescription): Promise<ResolvedModel> {
    if (verifyWith !== undefined) await checkSignature(description, verifyWith);
    const { id, digest, contract } = description;
    checkSize(description, options.maxBytes ?? defaultMaxBytes());
    descriptions.set(digest, description);
    return { id, digest, contract, artifact: artifactAt(at, description, options) };
  }

  async function resolve({ signal }: Abortable = {}): Promise<ResolvedModel> {
    const { models, refused } = await kept();
    const published = await fetchDescription(at, options.fetch ?? fetch, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      // Only a network that is not there: a description that is wrong is not replaced by an old one.
      if (models.length === 0 || !(error instanceof TypeError)) throw error;
      return models[0]!;
    });
    return await take(refused.includes(published.digest) ? (models[0] ?? published) : published);
  }

  return {
    resolve,
    async keep({ digest }) {
      const description = descriptions.get(digest);
      if (store !== undefined && description !== undefined) await keepModel(store, at, description);
    },
    async goBack(from) {
      const before = (await kept()).models.find(({ digest }) => digest !== from.digest);
      if (store === undefined || before === undefined)
        throw new MillwrightError('state/not-found', `No model before \`${from.id}\` is kept on this device.`, {
          details: { what: 'kept model', id: from.id },
        });
      const source = { resolve: () => take(before) };
      await source.resolve();
      await refuseModel(store, at, from.digest);
      return source;
    },
  };
}

function artifactAt(at: URL, description: ModelDescription, options: ModelAtOptions): VerifiedArtifact {
  const { digest, manifest } = description;
  const bytes: VerifiedArtifact['bytes'] = async (path, { signal } = {}) => {
    const file = manifest.files.find((entry) => entry.path === path);
    if (file === undefined)
      throw new MillwrightError('state/not-found', `\`${path}\` is not in the manifest.`, {
        details: { what: 'file', id: path },
      });
    const where = new URL(path.split('/').map(encodeURIComponent).join('/'), at);
    return await download(where, file, piecesOf(description, file), { ...options, signal });
  };
  const stream: VerifiedArtifact['stream'] = async (path, o) =>
    new Blob([new Uint8Array(await bytes(path, o))]).stream();
  return { digest, manifest, bytes, stream };
}

/** A description lists files, pieces and columns; four megabytes are a model of a hundred gigabytes, or thousands of columns. */
const MAX_DESCRIPTION = 4_194_304;

async function fetchDescription(
  at: URL,
  get: typeof fetch,
  signal: AbortSignal | undefined,
): Promise<ModelDescription> {
  const response = await get(at, { signal: signal ?? null });
  if (!response.ok) throw notFound(at, response.status);
  const text = await response.text();
  if (text.length > MAX_DESCRIPTION)
    throw invalidInput('description', `at most ${MAX_DESCRIPTION} characters`, text.length);
  return parseDescription(parseJson(text));
}

function checkSize({ id, manifest }: ModelDescription, maxBytes: number): void {
  const bytes = manifest.files.reduce((sum, file) => sum + file.size, 0);
  if (bytes <= maxBytes) return;
  throw new MillwrightError(
    'serving/too-large',
    `The model \`${id}\` has ${bytes} bytes; the budget is ${maxBytes}. Publish a smaller one, or pass a larger \`maxBytes\`.`,
    { details: { bytes, maxBytes } },
  );
}

function defaultMaxBytes(): number {
  const { deviceMemory } = (globalThis as { readonly navigator?: { readonly deviceMemory?: number } }).navigator ?? {};
  return deviceMemory === undefined ? 2 ** 30 : (deviceMemory * 2 ** 30) / 16;
}

function absolute(url: string | URL): URL {
  const base = (globalThis as { readonly location?: { readonly href: string } }).location?.href;
  try {
    return new URL(url, base);
  } catch {
    throw invalidInput('url', 'a URL (absolute outside a page)', String(url));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidInput('description', 'JSON', text);
  }
}

function notFound(url: URL, status: number): MillwrightError<'state/not-found'> {
  return new MillwrightError('state/not-found', `No model description at ${url}: the server answered ${status}.`, {
    details: { what: 'model description', id: url.href },
  });
}
