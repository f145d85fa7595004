import { seededRandom } from '@millwright/core';
import { exportProof, memoryPin, openLedger } from '@millwright/core/ledger';
import { memoryLog } from '@millwright/core/storage';
import { type CosignOptions, cosignHead, exportTiles, verifyTiles } from '@millwright/core/transparency';
import {
  ed25519Signer,
  ed25519Verifier,
  verifierKeyOf,
  verifyEventProof,
  verifyTreeHead,
} from '@millwright/core/verifier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesOf, ledgerOf, more, ORIGIN, readerOf } from './support.js';
import { serve, type WitnessDouble, witnessDouble } from './witness-double.js';

const LOG = 'factory.example';
let signer: ReturnType<typeof ed25519Signer>;
let logKey: Uint8Array;
let verifiers: Awaited<ReturnType<typeof ed25519Verifier>>[];
const closing: (() => void)[] = [];

beforeAll(async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  logKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  signer = ed25519Signer(LOG, pair.privateKey, logKey);
  verifiers = [await ed25519Verifier(verifierKeyOf(LOG, logKey))];
});
afterAll(() => {
  for (const close of closing) close();
});

const newWitness = (name: string, o = {}) => witnessDouble({ name, origin: ORIGIN, logName: LOG, logKey, ...o });

async function reached(witness: WitnessDouble) {
  const { url, server } = await serve(witness);
  closing.push(() => server.close());
  return { url, verifier: await ed25519Verifier(witness.verifierKey) };
}

/** A witness that answers without a network, whatever it is told to. */
async function answering(witness: WitnessDouble, fetch: CosignOptions['fetch']) {
  const { ledger } = await ledgerOf(5);
  const verifier = await ed25519Verifier(witness.verifierKey);
  return cosignHead(ledger, {
    signers: [signer],
    origin: ORIGIN,
    fetch,
    witnesses: [{ url: 'https://w.example', verifier }],
  });
}

describe('witnesses', () => {
  test('sign every head of a log that grows, over HTTP; proofs and exports carry their signatures', async () => {
    const [w1, w2] = [newWitness('w1.example'), newWitness('w2.example', { now: () => 1_800_000_000 })];
    const { ledger, log } = await ledgerOf(20);
    const witnesses = [await reached(w1), await reached(w2)];
    const options = { signers: [signer], origin: ORIGIN, witnesses, lastSigned: memoryPin() };
    await cosignHead(ledger, options);
    for (let i = 0; i < 5; i++) {
      await more(ledger, i + 1);
      const { checkpoint, cosignedAt, failures } = await cosignHead(ledger, options);
      expect(failures).toEqual([]);
      expect(cosignedAt).toEqual(
        new Map([
          ['w1.example', 1_700_000_000_000],
          ['w2.example', 1_800_000_000_000],
        ]),
      );
      expect(w1.seen.size).toBe(ledger.head.size);
      const quorum = { verifiers: witnesses.map(({ verifier }) => verifier) };
      expect(await verifyTreeHead(checkpoint, { verifiers, witnesses: quorum, origin: ORIGIN })).toMatchObject({
        ok: true,
        signers: [LOG, 'w1.example', 'w2.example'],
        cosignedAt,
      });
      // Growing on after the head was signed does not matter.
      await more(ledger, 1);
      const proof = await exportProof(ledger, 3, { checkpoint });
      expect(await verifyEventProof(proof, { verifiers, witnesses: quorum })).toMatchObject({ ok: true });
      const read = readerOf(await filesOf(exportTiles(log, { checkpoint })));
      expect(await verifyTiles(read, { verifiers, witnesses: quorum })).toMatchObject({ ok: true });
    }
    // The size that was signed last was right every time: one request each.
    expect(w1.requests).toHaveLength(6);
    expect(w1.requests[5]).toMatch(/^old [1-9]\d*\n(?:[A-Za-z0-9+/=]{44}\n)+\nfactory\.example\/ledger\n/);
  });

  test('say what they have seen when it is another size, and are asked again from there', async () => {
    const witness = newWitness('w.example');
    const { ledger } = await ledgerOf(9);
    const options = { signers: [signer], origin: ORIGIN, witnesses: [await reached(witness)] };
    await cosignHead(ledger, options);
    await more(ledger, 9);
    // Without memory of what was signed last it begins with 0.
    expect((await cosignHead(ledger, options)).failures).toEqual([]);
    expect(witness.requests.map((body) => body.split('\n')[0])).toEqual([
      'old 0',
      'old 0',
      expect.stringMatching(/^old [1-9]/),
    ]);
    // The same head again needs no proof.
    expect((await cosignHead(ledger, options)).failures).toEqual([]);
    expect(witness.requests.at(-1)).toMatch(/^old \d+\n\nfactory/);
  });

  test('refuse another history and a log that went back; that is told, not hidden', async () => {
    const witness = newWitness('w.example');
    const witnesses = [await reached(witness)];
    const options = { signers: [signer], origin: ORIGIN, witnesses };
    await cosignHead((await ledgerOf(9)).ledger, options);
    expect((await cosignHead((await ledgerOf(12, 2)).ledger, options)).failures).toEqual([
      { witness: 'w.example', kind: 'refused', detail: 'HTTP 422: the history does not grow from what it has seen' },
    ]);
    const back = await cosignHead((await ledgerOf(4)).ledger, options);
    expect(back.failures).toMatchObject([{ kind: 'ahead', detail: expect.stringContaining('it has seen') }]);
    expect(await verifyTreeHead(back.checkpoint, { verifiers })).toMatchObject({ ok: true });
    expect(
      await verifyTreeHead(back.checkpoint, { verifiers, witnesses: { verifiers: [witnesses[0]!.verifier] } }),
    ).toEqual({ ok: false, reason: 'witnesses: 0 of 1 trusted signatures' });
    const unknown = await cosignHead((await ledgerOf(4)).ledger, { ...options, origin: 'other.example' });
    expect(unknown.failures).toMatchObject([{ kind: 'refused', detail: 'HTTP 404: it does not know the log' }]);
  });

  test('that do not answer, or answer nonsense, are named; the others count', async () => {
    const good = newWitness('good.example');
    const down = {
      url: 'http://127.0.0.1:1/',
      verifier: await ed25519Verifier(newWitness('down.example').verifierKey),
    };
    const { ledger } = await ledgerOf(3);
    const witnesses = [down, await reached(good)];
    const head = await cosignHead(ledger, { signers: [signer], origin: ORIGIN, witnesses });
    expect(head.failures).toMatchObject([{ witness: 'down.example', kind: 'unreachable' }]);
    const quorum = { verifiers: witnesses.map(({ verifier }) => verifier), need: 1 };
    expect(await verifyTreeHead(head.checkpoint, { verifiers, witnesses: quorum })).toMatchObject({ ok: true });

    const witness = newWitness('w.example');
    const kinds: Record<string, CosignOptions['fetch']> = {
      'nothing at all': async () => new Response(null),
      'a page': async () => new Response('<html>'.repeat(100)),
      'a signature of another': async (_, o) => new Response(newWitness('w.example').add(String(o?.body)).text),
      'a signature of another name': async (_, o) => new Response(newWitness('x.example').add(String(o?.body)).text),
      'a signature without a time': async (_, o) =>
        new Response(newWitness('w.example', { now: () => 0 }).add(String(o?.body)).text),
      'a spoilt one': async (_, o) =>
        new Response(
          newWitness('w.example')
            .add(String(o?.body))
            .text.replace(/.{4}=*\n$/, 'AAAA\n'),
        ),
      'too much': async () => new Response('x'.repeat(70_000)),
      'a conflict without a size': async () => new Response('', { status: 409 }),
      'a conflict with nonsense': async () => new Response('-1\n', { status: 409 }),
    };
    for (const [what, fetch] of Object.entries(kinds))
      expect((await answering(witness, fetch)).failures, what).toMatchObject([{ kind: 'malformed' }]);
    const timeless = newWitness('w.example', { now: () => 0 });
    const zero: CosignOptions['fetch'] = async (_, o) => new Response(timeless.add(String(o?.body)).text);
    expect((await answering(timeless, zero)).failures).toMatchObject([{ detail: 'its signature does not say when' }]);
    const undecided: CosignOptions['fetch'] = async () => new Response('1\n', { status: 409 });
    expect((await answering(witness, undecided)).failures).toMatchObject([{ kind: 'refused' }]);
    const broken: CosignOptions['fetch'] = async () => new Response('', { status: 500 });
    expect((await answering(witness, broken)).failures).toMatchObject([{ kind: 'refused', detail: 'HTTP 500' }]);
  });

  test('are not waited for after an abort', async () => {
    const { ledger } = await ledgerOf(3);
    const abort = new AbortController();
    const verifier = await ed25519Verifier(newWitness('w.example').verifierKey);
    const fetch: CosignOptions['fetch'] = (_, o) =>
      new Promise((_, reject) => {
        o?.signal?.addEventListener('abort', () => reject(o.signal?.reason));
        abort.abort();
      });
    const options = {
      signers: [signer],
      witnesses: [{ url: 'https://w.example', verifier }],
      fetch,
      signal: abort.signal,
    };
    await expect(cosignHead(ledger, options)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('a proof is not made with the checkpoint of another ledger', async () => {
  const [{ ledger }, other] = [await ledgerOf(5), await ledgerOf(5, 2)];
  const { checkpoint } = await cosignHead(other.ledger, { signers: [signer], witnesses: [] });
  await expect(exportProof(ledger, 3, { checkpoint })).rejects.toMatchObject({ code: 'ledger/forked' });
  const empty = await openLedger({ log: memoryLog(), actor: 'a', random: seededRandom(3) });
  await expect(exportProof(empty, 1, { checkpoint })).rejects.toMatchObject({ code: 'input/invalid' });
});
