import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A witness as C2SP tlog-witness describes it, on node:crypto and node:http, with nothing of ours: a second implementation
 * to talk to. It knows one log by its origin and Ed25519 key.
 */
export interface WitnessDouble {
  readonly name: string;
  readonly verifierKey: string;
  /** What it signed last. */
  readonly seen: { size: number; root: Buffer };
  readonly requests: string[];
  add(body: string): { readonly status: number; readonly text: string };
}

export interface WitnessDoubleOptions {
  readonly name: string;
  readonly origin: string;
  readonly logName: string;
  /** 32 bytes. */
  readonly logKey: Uint8Array;
  readonly now?: () => number;
}

export function witnessDouble({
  name,
  origin,
  logName,
  logKey,
  now = () => 1_700_000_000,
}: WitnessDoubleOptions): WitnessDouble {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = rawKey(publicKey);
  const seen = { size: 0, root: createHash('sha256').digest() };
  const requests: string[] = [];
  const trusted = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, logKey]), format: 'der', type: 'spki' });
  return {
    name,
    verifierKey: `${name}+${keyId(name, 4, raw).toString('hex')}+${Buffer.concat([Buffer.of(4), raw]).toString('base64')}`,
    seen,
    requests,
    add(body) {
      requests.push(body);
      const answer = (status: number, text = '') => ({ status, text });
      const gap = body.indexOf('\n\n');
      const [oldLine = '', ...hashes] = body.slice(0, gap).split('\n');
      const match = /^old (0|[1-9][0-9]*)$/.exec(oldLine);
      if (match === null || hashes.length > 63) return answer(400);
      const old = Number(match[1]);
      const note = body.slice(gap + 2);
      const split = note.indexOf('\n\n') + 1;
      const text = note.slice(0, split);
      const [noteOrigin, digits, base64] = text.split('\n');
      if (noteOrigin !== origin) return answer(404);
      const signature = note
        .slice(split + 1)
        .split('\n')
        .filter((line) => line.startsWith(`— ${logName} `))
        .map((line) => Buffer.from(line.split(' ')[2]!, 'base64'))
        .find((bytes) => bytes.subarray(0, 4).equals(keyId(logName, 1, logKey)));
      if (signature === undefined || !verify(null, Buffer.from(text), trusted, signature.subarray(4)))
        return answer(403);
      const size = Number(digits);
      const root = Buffer.from(base64!, 'base64');
      if (old > size) return answer(400);
      if (old !== seen.size) return answer(409, `${seen.size}\n`);
      if (
        !grows(
          old,
          seen.root,
          size,
          root,
          hashes.map((hash) => Buffer.from(hash, 'base64')),
        )
      )
        return answer(422);
      Object.assign(seen, { size, root });
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(now()));
      const signed = sign(null, Buffer.from(`cosignature/v1\ntime ${now()}\n${text}`), privateKey);
      const line = Buffer.concat([keyId(name, 4, raw), time, signed]).toString('base64');
      return answer(200, `— ${name} ${line}\n`);
    },
  };
}

/** The witness on a port of its own. */
export async function serve(witness: WitnessDouble): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const known = request.method === 'POST' && request.url === '/witness/add-checkpoint';
      const { status, text } = known ? witness.add(Buffer.concat(chunks).toString()) : { status: 404, text: '' };
      response.writeHead(status, { 'content-type': status === 409 ? 'text/x.tlog.size' : 'text/plain' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/witness/`, server };
}

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

function rawKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32);
}

function keyId(name: string, type: number, key: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(Buffer.of(type)).update(key).digest().subarray(0, 4);
}

function node(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/** RFC 6962 §2.1.2, read backwards: both roots are rebuilt along the recursion that made the proof. */
function grows(old: number, oldRoot: Buffer, size: number, root: Buffer, proof: Buffer[]): boolean {
  if (old === 0) return proof.length === 0 && (size > 0 || root.equals(oldRoot));
  if (old === size) return proof.length === 0 && root.equals(oldRoot);
  const rest = [...proof];
  const rebuild = (m: number, n: number, whole: boolean): readonly [Buffer, Buffer] | undefined => {
    if (m === n) {
      const hash = whole ? oldRoot : rest.shift();
      return hash && [hash, hash];
    }
    let k = 1;
    while (2 * k < n) k *= 2;
    const inner = m <= k ? rebuild(m, k, whole) : rebuild(m - k, n - k, false);
    const sibling = rest.shift();
    if (inner === undefined || sibling === undefined) return undefined;
    return m <= k ? [inner[0], node(inner[1], sibling)] : [node(sibling, inner[0]), node(sibling, inner[1])];
  };
  const roots = rebuild(old, size, true);
  return roots !== undefined && rest.length === 0 && roots[0].equals(oldRoot) && roots[1].equals(root);
}
