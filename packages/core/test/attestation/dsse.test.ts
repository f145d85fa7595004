import { encodeUtf8 } from '@millwright/core';
import { preAuthEncode, signEnvelope, verifyEnvelope, verifyingKey } from '@millwright/core/attestation';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ALGORITHMS, type KeyPair, newKey } from './keys.js';

const payload = encodeUtf8('hello world');
const type = 'http://example.com/HelloWorld';

let maria: KeyPair;
let amir: KeyPair;
beforeAll(async () => {
  maria = await newKey('P-256');
  amir = await newKey('Ed25519');
});

describe('the example of the DSSE protocol (secure-systems-lab/dsse protocol.md)', () => {
  // Its key as x and y, its signature as r || s.
  const x = 46950820868899156662930047687818585632848591499744589407958293238635476079160n;
  const y = 5640078356564379163099075877009565129882514886557779369047442380624545832820n;
  const sig = 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==';

  test('is encoded and verifies', async () => {
    expect(new TextDecoder().decode(preAuthEncode(type, payload))).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    const coordinate = (n: bigint) =>
      btoa(
        String.fromCharCode(
          ...n
            .toString(16)
            .padStart(64, '0')
            .match(/../g)!
            .map((hex) => Number.parseInt(hex, 16)),
        ),
      )
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replaceAll('=', '');
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(x), y: coordinate(y), ext: true };
    const key = await crypto.subtle.importKey('jwk', jwk, ALGORITHMS['P-256'], true, ['verify']);
    const envelope = { payload: 'aGVsbG8gd29ybGQ=', payloadType: type, signatures: [{ sig }] };
    const verdict = await verifyEnvelope(envelope, { keys: [await verifyingKey(key)] });
    expect(verdict).toMatchObject({ ok: true, payload, payloadType: type });
    const other = { ...envelope, payloadType: `${type}2` };
    expect(await verifyEnvelope(other, { keys: [await verifyingKey(key)] })).toMatchObject({ ok: false });
  });
});

test('lengths are counted in bytes', () => {
  expect(new TextDecoder().decode(preAuthEncode('ü', encodeUtf8('😀')))).toBe('DSSEv1 2 ü 4 😀');
  expect(new TextDecoder().decode(preAuthEncode('', new Uint8Array()))).toBe('DSSEv1 0  0 ');
});

test.each(Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[])(
  '%s signs and verifies, twenty times',
  async (kind) => {
    const { signer, verifier } = await newKey(kind);
    for (let i = 0; i < 20; i++) {
      const envelope = await signEnvelope(type, encodeUtf8(`payload ${i}`), [signer]);
      expect(await verifyEnvelope(envelope, { keys: [verifier] })).toMatchObject({ ok: true, keyIds: [signer.keyId] });
    }
  },
);

describe('several signatures', () => {
  test('are counted by key, whatever they say of themselves', async () => {
    const envelope = await signEnvelope(type, payload, [maria.signer, amir.signer]);
    const keys = [maria.verifier, amir.verifier];
    expect(await verifyEnvelope(envelope, { keys, need: 2 })).toMatchObject({ ok: true });
    expect(await verifyEnvelope(envelope, { keys: [amir.verifier] })).toMatchObject({
      ok: true,
      keyIds: [amir.signer.keyId],
    });
    expect(await verifyEnvelope(envelope, { keys: [amir.verifier], need: 2 })).toEqual({
      ok: false,
      reason: '1 of 2 trusted signatures',
    });
    // The same key twice is one key; key ids are only hints.
    const twice = await signEnvelope(type, payload, [maria.signer, { ...maria.signer, keyId: 'other' }]);
    const again = await verifyingKey(maria.pair.publicKey);
    expect(await verifyEnvelope(twice, { keys: [maria.verifier, again], need: 2 })).toMatchObject({ ok: false });
    const lying = { ...envelope, signatures: envelope.signatures.map(({ sig }) => ({ sig, keyid: null })) };
    expect(await verifyEnvelope(lying, { keys, need: 2 })).toMatchObject({ ok: true });
  });

  test('of strangers neither help nor harm', async () => {
    const stranger = await newKey('Ed25519');
    const envelope = await signEnvelope(type, payload, [stranger.signer, maria.signer]);
    expect(await verifyEnvelope(envelope, { keys: [maria.verifier] })).toMatchObject({ ok: true });
    expect(await verifyEnvelope(envelope, { keys: [amir.verifier] })).toMatchObject({ ok: false });
    expect(await verifyEnvelope(envelope, { keys: [] })).toMatchObject({ ok: false });
    expect(await verifyEnvelope(envelope, { keys: [], need: 0 })).toMatchObject({ ok: false });
    await expect(signEnvelope(type, payload, [])).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

describe('what is changed or malformed is refused, never a crash', () => {
  test('any changed byte of payload, type or signature', async () => {
    const envelope = await signEnvelope(type, payload, [maria.signer, amir.signer]);
    const flip = (base64: string, at: number) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      bytes[at % bytes.length]! ^= 1 << (at % 8);
      return btoa(String.fromCharCode(...bytes));
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(200), fc.constantFrom('payload', 'payloadType', 'sig'), async (at, where) => {
        const changed = {
          payloadType: where === 'payloadType' ? `${type} ` : type,
          payload: where === 'payload' ? flip(envelope.payload, at) : envelope.payload,
          signatures: envelope.signatures.map(({ sig }) => ({ sig: where === 'sig' ? flip(sig, at) : sig })),
        };
        expect((await verifyEnvelope(changed, { keys: [maria.verifier, amir.verifier] })).ok).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('other shapes', async () => {
    const good = await signEnvelope(type, payload, [maria.signer]);
    for (const bad of [
      undefined,
      null,
      7,
      'text',
      {},
      { ...good, payload: '*' },
      { ...good, payload: 7 },
      { ...good, payloadType: 7 },
      { ...good, signatures: undefined },
      { ...good, signatures: [] },
      { ...good, signatures: [null] },
      { ...good, signatures: [{ sig: '*' }] },
      { ...good, signatures: [{ sig: '' }] },
      { ...good, signatures: Array.from({ length: 33 }, () => good.signatures[0]) },
    ])
      expect((await verifyEnvelope(bad, { keys: [maria.verifier] })).ok).toBe(false);
    const urlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    const signatures = good.signatures.map(({ sig }) => ({ sig: urlSafe(sig) }));
    expect(
      (await verifyEnvelope({ ...good, payload: urlSafe(good.payload), signatures }, { keys: [maria.verifier] })).ok,
    ).toBe(true);
  });

  test('keys of other kinds', async () => {
    const rsa = { name: 'RSA-PSS', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' };
    const { publicKey } = (await crypto.subtle.generateKey(rsa, false, ['sign', 'verify'])) as CryptoKeyPair;
    const code = { code: 'input/invalid' };
    await expect(verifyingKey(publicKey)).rejects.toMatchObject(code);
    await expect(verifyingKey('no PEM')).rejects.toMatchObject(code);
    await expect(verifyingKey(new Uint8Array(91))).rejects.toMatchObject(code);
    await expect(verifyingKey(maria.spki.subarray(0, 60))).rejects.toMatchObject(code);
  });
});
