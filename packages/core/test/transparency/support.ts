import { seededRandom } from '@millwright/core';
import { type Ledger, openLedger, signHead } from '@millwright/core/ledger';
import { type LogStore, memoryLog } from '@millwright/core/storage';
import { virtualClock } from '@millwright/core/testing';
import type { ReadTile, TileFile } from '@millwright/core/transparency';
import {
  ed25519Signer,
  ed25519Verifier,
  type NoteSigner,
  type NoteVerifier,
  verifierKeyOf,
} from '@millwright/core/verifier';
import { raise } from '../ledger/support.js';

export const ORIGIN = 'factory.example/ledger';

export interface LogKey {
  readonly signer: NoteSigner;
  readonly verifier: NoteVerifier;
}

export async function newLogKey(name = 'factory.example'): Promise<LogKey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return {
    signer: ed25519Signer(name, pair.privateKey, raw),
    verifier: await ed25519Verifier(verifierKeyOf(name, raw)),
  };
}

/** A ledger of `commits` commits: alone, several sections in one, several events in one. */
export async function ledgerOf(
  commits: number,
  seed = 1,
): Promise<{ readonly ledger: Ledger; readonly log: LogStore }> {
  const log = memoryLog();
  const clock = virtualClock(1_767_225_600_000);
  const ledger = await openLedger({ log, actor: 'maria', random: seededRandom(seed), clock });
  await more(ledger, commits);
  return { ledger, log };
}

export async function more(ledger: Ledger, commits: number): Promise<void> {
  for (let i = 0; i < commits; i++) {
    const one = () => ledger.commit(() => ({ events: [raise(`e${i}`, i)], result: 0 }));
    if (i % 5 === 0) await Promise.all([one(), one(), one()]);
    else if (i % 7 === 0) await ledger.commit(() => ({ events: [raise('a'), raise('ü\n')], result: 0 }));
    else await one();
  }
}

export const signedBy = (ledger: Ledger, { signer }: LogKey) => signHead(ledger, { signers: [signer], origin: ORIGIN });

export async function filesOf(tiles: AsyncIterable<TileFile>): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const { path, bytes } of tiles) files.set(path, bytes);
  return files;
}

export const readerOf =
  (files: ReadonlyMap<string, Uint8Array>): ReadTile =>
  async (path) =>
    files.get(path);
