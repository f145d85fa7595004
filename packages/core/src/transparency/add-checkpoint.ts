import { fromBase64, toBase64 } from '../foundation/bytes.js';
import { chunksOf } from '../storage/body.js';
import { sameHash } from '../verifier/merkle-hash.js';
import { type NoteVerifier, verifyNote } from '../verifier/note.js';

export interface AddCheckpointRequest {
  readonly url: string;
  readonly verifier: NoteVerifier;
  /** The size that the witness has presumably seen. */
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: string;
  readonly post: typeof fetch;
  readonly signal?: AbortSignal | undefined;
}

export type AddCheckpointAnswer =
  /** `lines`: its signature lines. */
  | { readonly kind: 'signed'; readonly lines: string; readonly time: number }
  /** It has seen this many leaves. */
  | { readonly kind: 'conflict'; readonly size: number }
  | { readonly kind: 'unreachable' | 'refused' | 'malformed'; readonly detail: string };

/** One `add-checkpoint` call of C2SP tlog-witness. Whatever comes back is a value; an abort is `unreachable`. */
export async function addCheckpoint(request: AddCheckpointRequest): Promise<AddCheckpointAnswer> {
  const { url, old, proof, checkpoint, post, signal } = request;
  const body = [`old ${old}`, ...proof.map(toBase64), '', checkpoint].join('\n');
  let status: number;
  let text: string | undefined;
  try {
    const response = await post(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
      redirect: 'error',
      signal: signal ?? null,
    });
    status = response.status;
    text = await boundedText(response);
  } catch (error) {
    return { kind: 'unreachable', detail: String(error) };
  }
  if (text === undefined) return { kind: 'malformed', detail: `its answer is longer than ${MAX_ANSWER_BYTES} bytes` };
  if (status === 409) {
    const size = /^(0|[1-9][0-9]{0,15})\n$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(size)
      ? { kind: 'conflict', size }
      : { kind: 'malformed', detail: 'it says conflict, but not which size it has seen' };
  }
  if (status !== 200) return { kind: 'refused', detail: `HTTP ${status}${REASONS[status] ?? ''}` };
  return checkAnswer(request, text);
}

const MAX_ANSWER_BYTES = 65_536;
const REASONS: Readonly<Record<number, string>> = {
  403: ': it trusts none of the keys that signed',
  404: ': it does not know the log',
  422: ': the history does not grow from what it has seen',
};

/** The witness's own lines, if they make the checkpoint one that it signed at some time. */
async function checkAnswer({ checkpoint, verifier }: AddCheckpointRequest, text: string): Promise<AddCheckpointAnswer> {
  const prefix = `— ${verifier.name} `;
  const own = text
    .split('\n')
    .filter((line) => line.startsWith(prefix) && hasKeyId(line.slice(prefix.length), verifier));
  const lines = own.map((line) => `${line}\n`).join('');
  const verdict = await verifyNote(checkpoint + lines, [verifier]);
  if (!verdict.ok) return { kind: 'malformed', detail: verdict.reason };
  const time = verdict.cosignedAt.get(verifier.name);
  if (time === undefined || time === 0) return { kind: 'malformed', detail: 'its signature does not say when' };
  return { kind: 'signed', lines, time };
}

function hasKeyId(base64: string, { keyId }: NoteVerifier): boolean {
  const signature = fromBase64(base64);
  return signature !== undefined && sameHash(signature.subarray(0, keyId.length), keyId);
}

async function boundedText({ body }: Response): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of chunksOf(body ?? new Uint8Array())) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
