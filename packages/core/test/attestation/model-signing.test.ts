import { encodeUtf8 } from '@millwright/core';
import { describeFiles, type Manifest, openArtifact, putArtifact } from '@millwright/core/artifact';
import {
  type ModelVerdict,
  modelStatement,
  readCertificates,
  signEnvelope,
  signModel,
  type VerifyModelOptions,
  verifyingKey,
  verifyModelSignature,
} from '@millwright/core/attestation';
import { memoryBlobs } from '@millwright/core/storage';
import { beforeAll, describe, expect, test } from 'vitest';
import vectors from '../vectors/model-signing.json' with { type: 'json' };
import { type KeyPair, newKey } from './keys.js';

interface Case {
  readonly name: string;
  readonly signature: string;
  readonly ok: boolean;
  readonly why?: string;
  readonly key?: string;
  readonly authority?: string;
  readonly acceptV02?: boolean;
  readonly signedAt?: number;
  readonly files?: readonly string[];
  readonly ignoredBySigner?: readonly string[];
}

const texts: Readonly<Record<string, string>> = vectors.files;
const manifestOfTexts = (paths: readonly string[] = Object.keys(texts)): Promise<Manifest> =>
  describeFiles(Object.fromEntries(paths.map((path) => [path, encodeUtf8(texts[path]!)])));

async function verify({ signature, key, authority, acceptV02, signedAt, files }: Case): Promise<ModelVerdict> {
  const hash = acceptV02 === true ? ('SHA-256' as const) : undefined;
  return verifyModelSignature(signature, await manifestOfTexts(files), {
    keys: key === undefined ? [] : [await verifyingKey(key, { hash })],
    authorities: authority === undefined ? [] : readCertificates(authority),
    acceptV02,
    signedAt,
  });
}

describe('signatures that node:crypto made, as model-signing 0.2 to 1.1 write them', () => {
  test.each<Case>(vectors.keyed)('$name', async (each) => {
    const verdict = await verify(each);
    expect(verdict.ok).toBe(each.ok);
    if (!verdict.ok) expect(verdict.why).toBe(each.why);
    else expect(verdict.ignoredBySigner).toEqual(each.ignoredBySigner ?? []);
  });

  test.each<Case>(vectors.certified)('with a certificate: $name', async (each) => {
    const verdict = await verify(each);
    expect(verdict.ok).toBe(each.ok);
    if (!verdict.ok) expect(verdict.why).toBe(each.why);
    // No key that lies in the bundle is trusted for itself.
    const { authority: _, ...alone } = each;
    expect(await verify(alone)).toMatchObject({ ok: false, why: 'untrusted' });
  });
});

let maria: KeyPair;
let amir: KeyPair;
beforeAll(async () => {
  maria = await newKey('P-384');
  amir = await newKey('Ed25519');
});

describe('signModel', () => {
  const files = { 'model.onnx': encodeUtf8('weights'), 'tokenizer/vocab.txt': encodeUtf8('a b c') };

  test('signs the files of an artifact; the artifact as it is opened elsewhere is what was signed', async () => {
    const blobs = memoryBlobs();
    const { manifest, digest } = await putArtifact(blobs, files);
    const signature = await signModel(manifest, { name: 'flight-delay@3', keys: [maria.signer] });
    const opened = await openArtifact(blobs, digest);
    expect(await verifyModelSignature(signature, opened.manifest, { keys: [maria.verifier] })).toEqual({
      ok: true,
      name: 'flight-delay@3',
      keyIds: [maria.signer.keyId],
      ignoredBySigner: [],
    });
    expect(await verifyModelSignature(signature, manifest, { keys: [amir.verifier] })).toMatchObject({
      why: 'untrusted',
    });
    expect(await verifyModelSignature(signature, manifest, {})).toMatchObject({ why: 'untrusted' });
  });

  test('two people sign, two are needed', async () => {
    const manifest = await describeFiles(files);
    const keys = [maria.verifier, amir.verifier];
    const both = await signModel(manifest, { name: 'm', keys: [maria.signer, amir.signer] });
    expect(await verifyModelSignature(both, manifest, { keys, need: 2 })).toMatchObject({ ok: true });
    const one = await signModel(manifest, { name: 'm', keys: [maria.signer] });
    expect(await verifyModelSignature(one, manifest, { keys, need: 2 })).toMatchObject({
      why: 'untrusted',
      reason: '1 of 2 trusted signatures',
    });
    await expect(signModel(manifest, { name: 'm', keys: [] })).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('a changed, missing, additional or renamed file is named', async () => {
    const signature = await signModel(await describeFiles(files), { name: 'm', keys: [maria.signer] });
    const check = async (present: Record<string, Uint8Array>, o: VerifyModelOptions = {}) =>
      verifyModelSignature(signature, await describeFiles(present), { keys: [maria.verifier], ...o });
    const onnx = files['model.onnx'];
    expect(await check({ ...files, 'model.onnx': encodeUtf8('Weights') })).toMatchObject({
      why: 'mismatch',
      bad: [{ path: 'model.onnx', reason: 'changed' }],
    });
    expect(await check({ 'model.onnx': onnx })).toMatchObject({
      bad: [{ path: 'tokenizer/vocab.txt', reason: 'missing' }],
    });
    expect(await check({ ...files, 'run.sh': onnx })).toMatchObject({ bad: [{ path: 'run.sh', reason: 'unsigned' }] });
    expect(await check({ 'model.onnx': files['tokenizer/vocab.txt'], 'tokenizer/vocab.txt': onnx })).toMatchObject({
      bad: [{ reason: 'changed' }, { reason: 'changed' }],
    });
    // The root says nothing about names; the list does.
    expect(await check({ 'model.onnx': onnx, 'tokenizer/vocab.txt2': files['tokenizer/vocab.txt'] })).toMatchObject({
      ok: false,
      reason: '2 files differ: tokenizer/vocab.txt2 is unsigned, tokenizer/vocab.txt is missing',
    });
    const withSignature = { ...files, 'model.sig': encodeUtf8(signature), '.git/config': onnx };
    expect(await check(withSignature, { ignorePaths: ['model.sig', '.git'] })).toMatchObject({ ok: true });
    expect(await check(withSignature, { ignorePaths: ['model.si', '.gi'] })).toMatchObject({ ok: false });
    // What is not there cannot be ignored, or a signed file could be left out.
    expect(await check({ 'model.onnx': onnx }, { ignorePaths: ['tokenizer'] })).toMatchObject({ ok: false });
  });
});

describe('what a right key signed may still be refused', () => {
  const sign = async (statement: object, type = 'application/vnd.in-toto+json') =>
    JSON.stringify({
      verificationMaterial: {},
      dsseEnvelope: await signEnvelope(type, encodeUtf8(JSON.stringify(statement)), [maria.signer]),
    });
  const check = async (signature: string) =>
    verifyModelSignature(signature, await manifestOfTexts(), { keys: [maria.verifier], acceptV02: true });

  test('because it is no statement about a model that is understood', async () => {
    const good = modelStatement('m', await manifestOfTexts());
    expect(await check(await sign(good))).toMatchObject({ ok: true });
    const { predicate, subject } = good;
    const serialization = predicate['serialization'] as object;
    const resources = predicate['resources'] as readonly object[];
    const withPredicate = (changed: object) => ({ ...good, predicate: { ...predicate, ...changed } });
    for (const [why, statement] of [
      ['malformed', { ...good, _type: 'https://in-toto.io/Statement/v0.1' }],
      ['malformed', { ...good, subject: [{ name: 'm', digest: { sha512: 'ab' } }] }],
      ['malformed', { ...good, subject: [...subject, ...subject] }],
      ['malformed', { ...good, subject: [{ name: 'm', digest: { sha256: '0'.repeat(64) } }] }],
      ['unsupported', { ...good, predicateType: 'https://slsa.dev/provenance/v1' }],
      ['unsupported', { ...good, predicateType: 'https://model_signing/Digests/v0.1' }],
      ['unsupported', withPredicate({ serialization: { ...serialization, method: 'shards' } })],
      ['unsupported', withPredicate({ serialization: { ...serialization, hash_type: 'blake3' } })],
      ['unsupported', withPredicate({ resources: [{ ...resources[0], algorithm: 'blake3' }, ...resources.slice(1)] })],
      ['malformed', withPredicate({ resources: [...resources, resources[0]] })],
      ['malformed', withPredicate({ resources: [{ ...resources[0], digest: 'ABC' }, ...resources.slice(1)] })],
      ['unsupported', withPredicate({ resources: [null] })],
      ['malformed', withPredicate({ resources: 7 })],
    ] as const)
      expect(await check(await sign(statement)), JSON.stringify(statement).slice(0, 300)).toMatchObject({
        ok: false,
        why,
      });
    expect(await check(await sign(good, 'application/json'))).toMatchObject({ ok: false, why: 'malformed' });
  });

  test('because it is no bundle', async () => {
    const good = JSON.parse(vectors.certified[0]!.signature);
    const certificates = good.verificationMaterial.x509CertificateChain.certificates;
    const withChain = (changed: unknown) =>
      JSON.stringify({ ...good, verificationMaterial: { x509CertificateChain: { certificates: changed } } });
    for (const bad of [
      '',
      'null',
      '[]',
      '{}',
      JSON.stringify({ ...good, dsseEnvelope: 7 }),
      JSON.stringify({ ...good, verificationMaterial: undefined }),
      withChain(7),
      withChain([{}]),
      withChain([{ rawBytes: '*' }]),
      withChain([{ rawBytes: 'AAAA' }]),
      withChain(Array.from({ length: 9 }, () => certificates[0])),
    ])
      expect(await check(bad), bad.slice(0, 200)).toMatchObject({ ok: false, why: 'malformed' });
  });
});
