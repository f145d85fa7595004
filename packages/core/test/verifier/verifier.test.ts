import { canonicalJson, digestBytes, encodeUtf8, fromHex, seededRandom } from '@millwright/core';
import { exportProof, leafHash, memoryPin, merkleTree, openLedger, signHead } from '@millwright/core/ledger';
import { memoryLog } from '@millwright/core/storage';
import {
  ed25519Signer,
  ed25519Verifier,
  formatTlogProof,
  formatTreeHead,
  parseTlogProof,
  parseTreeHead,
  signNote,
  verifierKeyOf,
  verifyEventProof,
  verifyNote,
  verifyTlogProof,
} from '@millwright/core/verifier';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatEventExtra } from '../../src/verifier/event-proof.js';
import { all, raise } from '../ledger/support.js';

async function newKey(name: string) {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey('Ed25519', true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
  const verifierKey = verifierKeyOf(name, raw);
  return { signer: ed25519Signer(name, privateKey, raw), verifier: await ed25519Verifier(verifierKey), verifierKey };
}

const flipLastBit = (base64: string) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  bytes[bytes.length - 1]! ^= 1;
  return btoa(String.fromCharCode(...bytes));
};

let factory: Awaited<ReturnType<typeof newKey>>;
let witness: Awaited<ReturnType<typeof newKey>>;
beforeAll(async () => {
  factory = await newKey('factory.example');
  witness = await newKey('witness.example');
});

describe('signed notes', () => {
  test('verifies the note that the documentation of the Go implementation shows', async () => {
    const verifier = await ed25519Verifier('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    const note =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
    expect(await verifyNote(note, [verifier])).toMatchObject({ ok: true, signers: ['PeterNeumann'] });
    expect(await verifyNote(note.replace('answer', 'ansver'), [verifier])).toMatchObject({ ok: false });
  });

  test('unknown signatures are ignored, wrong ones of known keys spoil the note', async () => {
    const note = await signNote('a\nb\n', [factory.signer, witness.signer]);
    expect(await verifyNote(note, [factory.verifier])).toEqual({
      ok: true,
      text: 'a\nb\n',
      signers: ['factory.example'],
      cosignedAt: new Map(),
    });
    expect(await verifyNote(note, [factory.verifier, witness.verifier], { need: 2 })).toMatchObject({ ok: true });
    expect(await verifyNote(note, [])).toMatchObject({ ok: false });
    expect(await verifyNote(note, [factory.verifier], { need: 2 })).toMatchObject({ ok: false });
    const impostor = await newKey('factory.example');
    expect(await verifyNote(note, [impostor.verifier])).toMatchObject({
      ok: false,
      reason: '0 of 1 trusted signatures',
    });
    const spoilt = note.replace(/(— witness\.example )(\S+)/, (_, name, base64) => name + flipLastBit(base64));
    expect(await verifyNote(spoilt, [factory.verifier])).toMatchObject({ ok: true });
    expect(await verifyNote(spoilt, [factory.verifier, witness.verifier])).toMatchObject({
      ok: false,
      reason: 'the signature of witness.example is wrong',
    });
    const twice = `${note}${note.split('\n\n')[1]!.split('\n')[0]}\n`;
    expect(await verifyNote(twice, [factory.verifier], { need: 2 })).toMatchObject({ ok: false });
  });

  test('malformed notes are refused, never a crash', async () => {
    const good = await signNote('a\n', [factory.signer]);
    for (const bad of [
      '',
      '\n\n',
      'a',
      'a\n',
      good.slice(0, -1),
      good.replace('—', '-'),
      good.replace('\n\n', '\n'),
      `\t${good}`,
      good.replace('=', ''),
      `${good}x\n`,
      'x'.repeat(70_000),
    ])
      expect((await verifyNote(bad, [factory.verifier])).ok).toBe(false);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const changed =
          good.slice(0, at) + String.fromCharCode((good.charCodeAt(at) + by) % 65_536) + good.slice(at + 1);
        expect((await verifyNote(changed, [factory.verifier])).ok).toBe(false);
      }),
      { numRuns: 60 },
    );
    for (const text of ['', 'a', 'a\n\nb\n']) await expect(signNote(text, [factory.signer])).rejects.toThrow('lines');
    await expect(signNote('a\n', [])).rejects.toThrow('at least one');
    for (const key of ['', 'name', 'name+00000000+AQ==', factory.verifierKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')])
      await expect(ed25519Verifier(key)).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

test('a tree head is read as strictly as it is written', () => {
  const root = new Uint8Array(32).fill(7);
  const head = { origin: 'factory.example/log', size: 20_852_163, root };
  expect(parseTreeHead(formatTreeHead(head))).toEqual(head);
  expect(parseTreeHead(`${formatTreeHead(head)}extension\n`)).toEqual(head);
  const text = formatTreeHead(head);
  for (const bad of [
    '',
    text.replace('20852163', '020852163'),
    text.replace('20852163', '-1'),
    text.replace('20852163', '9007199254740993'),
    text.replace('Bw', 'B'),
    `\n${text}`,
  ])
    expect(parseTreeHead(bad)).toBeUndefined();
});

describe('proof files', () => {
  const open = async () => {
    const ledger = await openLedger({ log: memoryLog(), actor: 'maria', random: seededRandom(1) });
    for (let i = 0; i < 300; i++) await ledger.commit(() => ({ events: [raise(`e${i}`)], result: 0 }));
    return ledger;
  };

  test('show one event to anybody who has the key, offline, in less than 2 KB', async () => {
    const ledger = await open();
    const origin = 'factory.example/ledger';
    const proof = await exportProof(ledger, 203, { signers: [factory.signer, witness.signer], origin });
    expect(proof.length).toBeLessThan(2_048);
    const verdict = await verifyEventProof(proof, { verifiers: [factory.verifier, witness.verifier], need: 2, origin });
    if (!verdict.ok) expect.fail(verdict.reason);
    const [event] = await all(ledger.read({ from: 203 }));
    expect(verdict.event).toEqual({
      index: 203,
      version: 1,
      ...raise('e100'),
      commit: {
        ledgerId: ledger.id,
        commitId: event!.commitId,
        time: event!.time,
        actor: 'maria',
        actorAssurance: 'asserted',
      },
    });
    expect(verdict.head).toMatchObject({ origin, size: ledger.head.size });

    // Anybody's verifier of the format can check it, given the entry.
    const verifiers = [factory.verifier];
    const { bytes } = await ledger.leaf(203);
    expect(await verifyTlogProof(proof, { verifiers, entry: bytes })).toMatchObject({ ok: true, index: 203 });
    expect(await verifyTlogProof(proof, { verifiers, entry: encodeUtf8('{}') })).toMatchObject({ ok: false });
    expect(await verifyEventProof(proof, { verifiers, origin: 'other' })).toMatchObject({ ok: false });
    expect(await verifyEventProof(proof, { verifiers: [] })).toMatchObject({ ok: false });
    for (const bad of [
      '',
      proof.replace('@v1', '@v2'),
      proof.replace('index 203', 'index 205'),
      proof.replace('index 203', 'index 0203'),
      proof.replace(/^extra .*\n/m, ''),
      proof.replace('\n\n', '\n'),
    ])
      expect((await verifyEventProof(bad, { verifiers })).ok).toBe(false);
  });

  test('say who wrote the event, when, under which key and policy, wherever it stands in its commit', async () => {
    const ledger = await openLedger({
      log: memoryLog(),
      actor: 'maria',
      actorAssurance: 'signed',
      random: seededRandom(2),
    });
    const policy = digestBytes(encodeUtf8('policy'));
    for (let i = 0; i < 9; i++) await ledger.commit(() => ({ events: [raise(`e${i}`)], result: 0 }));
    const committed = await ledger.commit(
      () => ({ events: Array.from({ length: 17 }, (_, i) => raise(`many ${i}`)), result: 0, policy }),
      { actor: 'paul', idempotencyKey: 'key-7' },
    );
    const { commitId, time } = committed;
    for (const event of committed.events) {
      const proof = await exportProof(ledger, event.index, { signers: [factory.signer] });
      expect(await verifyEventProof(proof, { verifiers: [factory.verifier] })).toMatchObject({
        ok: true,
        event: {
          index: event.index,
          data: event.data,
          commit: {
            ledgerId: ledger.id,
            commitId,
            time,
            actor: 'paul',
            actorAssurance: 'signed',
            idempotencyKey: 'key-7',
            policy,
          },
        },
      });
    }
  });

  test("do not let one command's event pass for another's, nor an event for a commit info", async () => {
    const ledger = await openLedger({ log: memoryLog(), actor: 'maria', random: seededRandom(3) });
    const { events } = await ledger.commit(() => ({ events: [raise('first'), raise('second')], result: 0 }));
    const later = await ledger.commit(() => ({ events: [raise('later')], result: 0 }), { actor: 'paul' });
    const head = await signHead(ledger, { signers: [factory.signer] });
    const path = async (index: number) => (await ledger.prove(index)).path.map((hash) => fromHex(hash.slice(7)));
    const proofOf = async (index: number, infoIndex: number, info: Uint8Array) => {
      const { bytes: entry } = await ledger.leaf(index);
      const own = await path(index);
      const extra = await formatEventExtra({ entry, info, infoIndex, infoPath: await path(infoIndex) }, own);
      return verifyEventProof(formatTlogProof({ index, path: own, checkpoint: head, extra }), {
        verifiers: [factory.verifier],
      });
    };
    const event = later.events[0]!.index;
    const mine = (await ledger.leaf(event)).info;
    expect(await proofOf(event, mine.index, mine.bytes)).toMatchObject({
      ok: true,
      event: { commit: { actor: 'paul' } },
    });
    const foreign = (await ledger.leaf(events[0]!.index)).info;
    expect(await proofOf(event, foreign.index, foreign.bytes)).toEqual({
      ok: false,
      reason: 'the commit info is of other events',
    });
    expect(await proofOf(event, mine.index, foreign.bytes)).toMatchObject({
      reason: 'the commit info is not in the tree',
    });
    expect(await proofOf(event, mine.index, encodeUtf8('{}'))).toMatchObject({ ok: false });
  });

  test('take no event for a commit info, even one that a forger of the store made look like it', async () => {
    const info = { v: 1, ledgerId: 'l', commitId: 'c', time: 7, actor: 'ceo', actorAssurance: 'server', count: 9 };
    const provenWith = async (above: object) => {
      const [first, entry] = [above, raise('x')].map((leaf) => encodeUtf8(canonicalJson(leaf)));
      const tree = merkleTree();
      for (const leaf of [first!, entry!]) tree.append(leafHash(leaf));
      const text = formatTreeHead({ origin: 'log', size: 2, root: tree.root() });
      const checkpoint = await signNote(text, [factory.signer]);
      const path = tree.inclusionPath(1);
      const infoPath = tree.inclusionPath(0);
      const extra = await formatEventExtra({ entry: entry!, info: first!, infoIndex: 0, infoPath }, path);
      const proof = formatTlogProof({ index: 1, path, checkpoint, extra });
      return verifyEventProof(proof, { verifiers: [factory.verifier] });
    };
    expect(await provenWith(info)).toMatchObject({ ok: true, event: { commit: { actor: 'ceo' } } });
    const refused = { ok: false, reason: 'the leaf above it is no commit info' };
    expect(await provenWith({ ...info, ...raise('y') })).toEqual(refused);
    for (const member of Object.keys(info)) {
      const { [member as 'actor']: _, ...rest } = info;
      expect((await provenWith(rest)).ok, member).toBe(false);
    }
  });

  test('any changed character of a proof makes it fail', async () => {
    const ledger = await open();
    const proof = await exportProof(ledger, 3, { signers: [factory.signer] });
    await fc.assert(
      fc.asyncProperty(fc.nat(proof.length - 1), fc.constantFrom('A', 'z', '\n', '0', ' '), async (at, c) => {
        fc.pre(proof[at] !== c);
        const verdict = await verifyEventProof(proof.slice(0, at) + c + proof.slice(at + 1), {
          verifiers: [factory.verifier],
        });
        expect(verdict.ok).toBe(false);
      }),
      { numRuns: 80 },
    );
    expect(parseTlogProof(proof)?.index).toBe(3);
    await expect(exportProof(ledger, 2, { signers: [factory.signer] })).rejects.toMatchObject({
      code: 'state/not-found',
    });
    await expect(exportProof(ledger, 9_999, { signers: [factory.signer] })).rejects.toMatchObject({
      code: 'state/not-found',
    });
  });

  test('a signer never signs two histories', async () => {
    const lastSigned = memoryPin();
    const options = { signers: [factory.signer], lastSigned };
    const ledger = await open();
    await signHead(ledger, options);
    await ledger.commit(() => ({ events: [raise('more')], result: 0 }));
    await signHead(ledger, options);
    expect(await lastSigned.load()).toMatchObject({ size: ledger.head.size });
    const shorter = await openLedger({ log: memoryLog(), actor: 'eve' });
    await expect(signHead(shorter, options)).rejects.toMatchObject({ code: 'ledger/forked' });
    const other = await openLedger({ log: memoryLog(), actor: 'eve' });
    for (let i = 0; i < 320; i++) await other.commit(() => ({ events: [raise('x')], result: 0 }));
    await expect(signHead(other, options)).rejects.toMatchObject({ code: 'ledger/forked' });
  });
});
