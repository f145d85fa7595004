import { type Abortable, invalidInput, MillwrightError, type ModelSource, type ResolvedModel } from '@millwright/core';
import type { VerifiedArtifact } from '@millwright/core/artifact';
import { checkSignature, parseDescription } from './description.js';
import { type DownloadOptions, download } from './download.js';

export interface ModelAtOptions extends Omit<DownloadOptions, 'signal'> {
  /** The publisher's public key (Ed25519 or ECDSA). With it, an unsigned or foreign description is refused. */
  readonly verifyWith?: CryptoKey | undefined;
}

/**
 * A model that is published at a URL: a description (`describeModel`) with the files beside it. Every file is
 * verified against the description, and the description against the publisher's key.
 *
 * @example
 * const model = modelAt(new URL('/models/flight-delay/champion.json', location.href), { verifyWith: publisherKey });
 */
export function modelAt(url: string | URL, options: ModelAtOptions = {}): ModelSource {
  const at = absolute(url);
  const { fetch: get = fetch, verifyWith } = options;
  return {
    async resolve({ signal }: Abortable = {}): Promise<ResolvedModel> {
      const response = await get(at, { signal: signal ?? null });
      if (!response.ok) throw notFound(at, response.status);
      const text = await response.text();
      if (text.length > MAX_DESCRIPTION)
        throw invalidInput('description', `at most ${MAX_DESCRIPTION} characters`, text.length);
      const description = parseDescription(parseJson(text));
      if (verifyWith !== undefined) await checkSignature(description, verifyWith);
      const { id, digest, manifest, contract } = description;
      const bytes: VerifiedArtifact['bytes'] = async (path, o = {}) => {
        const file = manifest.files.find((entry) => entry.path === path);
        if (file === undefined)
          throw new MillwrightError('state/not-found', `\`${path}\` is not in the manifest.`, {
            details: { what: 'file', id: path },
          });
        return await download(new URL(path.split('/').map(encodeURIComponent).join('/'), at), file, {
          ...options,
          signal: o.signal,
        });
      };
      const stream: VerifiedArtifact['stream'] = async (path, o) => {
        const all = await bytes(path, o);
        return new ReadableStream({
          start(controller) {
            controller.enqueue(all);
            controller.close();
          },
        });
      };
      return { id, digest, contract, artifact: { digest, manifest, bytes, stream } };
    },
  };
}

/** A description lists files and columns; a megabyte is thousands of either. */
const MAX_DESCRIPTION = 1_048_576;

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
