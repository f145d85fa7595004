import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeFiles } from '@millwright/core/artifact';
import { readCertificates, verifyingKey, verifyModelSignature } from '@millwright/core/attestation';
import { describe, expect, test } from 'vitest';

/**
 * `scripts/tests` of sigstore/model-transparency: models that model-signing 0.2.0 to 1.1.0 signed. Not shipped; our own
 * vectors of the same forms are in model-signing.test.ts.
 */
const folder = join(process.env['MILLWRIGHT_PUBLIC_DATA'] ?? '', 'model-signing');
const absent = process.env['MILLWRIGHT_PUBLIC_DATA'] === undefined || !existsSync(folder);
const fixtures = absent
  ? ['(MILLWRIGHT_PUBLIC_DATA is not set)']
  : readdirSync(folder).filter((name) => name !== 'keys');

const keyFile = (name: string) => readFileSync(join(folder, 'keys/certificate', name), 'utf8');
const load = async (fixture: string) => {
  const names = readdirSync(join(folder, fixture)).filter((name) => name !== 'model.sig');
  const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, fixture, name)));
  return {
    signature: readFileSync(join(folder, fixture, 'model.sig'), 'utf8'),
    files: Object.fromEntries(names.map((name) => [name, bytes(name)])),
  };
};
const isV02 = (fixture: string) => fixture.startsWith('v0.2');
const hashOf = (fixture: string) => (isV02(fixture) ? { hash: 'SHA-256' as const } : {});

test.skipIf(absent)('there are four signatures by key and five by certificate', () => {
  expect(fixtures.filter((name) => name.endsWith('elliptic-key'))).toHaveLength(4);
  expect(fixtures.filter((name) => name.endsWith('certificate'))).toHaveLength(5);
});

describe.skipIf(absent).each(fixtures)('%s', (fixture) => {
  const options = { ignorePaths: ['ignore-me'], acceptV02: isV02(fixture) };

  test('verifies with the public key', async () => {
    const { signature, files } = await load(fixture);
    const keys = [await verifyingKey(keyFile('signing-key-pub.pem'), hashOf(fixture))];
    expect((await verifyModelSignature(signature, await describeFiles(files), { keys, ...options })).ok).toBe(true);
  });

  test('verifies with the authority alone when it has a certificate, and only then', async () => {
    const { signature, files } = await load(fixture);
    const authorities = readCertificates(keyFile('ca-cert.pem'));
    const verdict = await verifyModelSignature(signature, await describeFiles(files), { authorities, ...options });
    expect(verdict.ok).toBe(fixture.endsWith('certificate'));
    const others = readCertificates(keyFile('signing-key-cert.pem'));
    expect(
      (await verifyModelSignature(signature, await describeFiles(files), { authorities: others, ...options })).ok,
    ).toBe(false);
  });

  test('is refused when a file was changed or added, and with another key', async () => {
    const { signature, files } = await load(fixture);
    const keys = [await verifyingKey(keyFile('signing-key-pub.pem'), hashOf(fixture))];
    const changed = { ...files, 'signme-1': new Uint8Array([...files['signme-1']!, 0]) };
    const added = { ...files, more: new Uint8Array(1) };
    for (const wrong of [changed, added])
      expect(await verifyModelSignature(signature, await describeFiles(wrong), { keys, ...options })).toMatchObject({
        ok: false,
        why: 'mismatch',
      });
    const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
      'verify',
      'sign',
    ]);
    const stranger = [await verifyingKey(publicKey, hashOf(fixture))];
    expect(
      await verifyModelSignature(signature, await describeFiles(files), { keys: stranger, ...options }),
    ).toMatchObject({ ok: false, why: 'untrusted' });
  });
});
