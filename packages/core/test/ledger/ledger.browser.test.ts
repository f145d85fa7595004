import { exportProof, openLedger, verifyInclusion } from '@millwright/core/ledger';
import { memoryHint, memoryStorage } from '@millwright/core/storage';
import { ed25519Signer, ed25519Verifier, verifierKeyOf, verifyEventProof } from '@millwright/core/verifier';
import { expect, test } from 'vitest';
import { openGolden, writeGoldenLedger } from './golden-ledger.js';
import { raise, tally } from './support.js';

test('a ledger lives in a page: commits, checkpoint, proof, signature', async () => {
  const storage = { ...memoryStorage(), hint: memoryHint() };
  const open = () => openLedger({ ...storage, actor: 'page', projections: [tally] });
  const ledger = await open();
  await Promise.all(
    Array.from({ length: 300 }, (_, i) => ledger.commit(() => ({ events: [raise(`e${i}`)], result: i }))),
  );
  await ledger.checkpoint();
  const again = await open();
  expect(again.head).toEqual(ledger.head);
  expect(again.state(tally).total).toBe(300);
  expect((await again.verify()).ok).toBe(true);

  const [event] = (await ledger.commit(() => ({ events: [raise('shown')], result: 0 }))).events;
  expect(verifyInclusion(await ledger.prove(event!.index), event!)).toBe(true);
  const keys = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
  const proof = await exportProof(ledger, event!.index, { signers: [ed25519Signer('page', keys.privateKey, raw)] });
  const verifiers = [await ed25519Verifier(verifierKeyOf('page', raw))];
  const verdict = await verifyEventProof(proof, { verifiers });
  expect(verdict).toMatchObject({ ok: true, event: { index: event!.index, commit: { actor: 'page' } } });
});

test('a page and Node write the same bytes and compute the same root', async () => {
  const ledger = await openGolden(await writeGoldenLedger());
  expect(ledger.head.root).toBe('sha256:0bddb3295ec1ad1d49ff11a981e478a2ce07a06a8642fbc685584b5766a2e17f');
});
