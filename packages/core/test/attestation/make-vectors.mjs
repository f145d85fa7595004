// Writes ../vectors/model-signing.json: signatures in every form that OpenSSF model-signing 0.2 to 1.1 gave them, and
// certificates good and bad. It uses node:crypto and the openssl program and nothing of Millwright. The keys are thrown away,
// so a second run writes other vectors: `node packages/core/test/attestation/make-vectors.mjs`
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'model-signing-'));
const at = (name) => join(folder, name);
const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

const files = { 'config.json': '{"layers": 2}\n', 'weights/a.bin': 'weights a', 'weights/b.bin': '' };
const HASHES = { 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512' };

function newKey(curve) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  return { privateKey, publicPem, hash: HASHES[curve] };
}

/** The statement as Python's MessageToJson prints it: two spaces, members in any order. */
function statement(version, name, paths = Object.keys(files)) {
  const digests = paths.map((path) => sha256(files[path] ?? files['config.json']));
  if (version === '0.2') {
    return {
      _type: 'https://in-toto.io/Statement/v1',
      subject: paths.map((path, i) => ({
        name: path,
        digest: { sha256: digests[i] },
        annotations: { actual_hash_algorithm: 'file-sha256' },
      })),
      predicateType: 'https://model_signing/Digests/v0.1',
      predicate: { unused: 'Unused, just passed due to API requirements' },
    };
  }
  const ignored = version === '1.1' ? { ignore_paths: ['.git', 'model.sig'] } : {};
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: sha256(...digests.map((hex) => Buffer.from(hex, 'hex'))) } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      resources: paths.map((path, i) => ({ algorithm: 'sha256', digest: digests[i], name: path })),
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ...ignored },
    },
  };
}

function bundle(version, { privateKey, publicPem, hash }, material, said = statement(version, 'vectors')) {
  const type = 'application/vnd.in-toto+json';
  const payload = Buffer.from(`${JSON.stringify(said, null, 2)}`);
  const old = `DSSEV1 ${type.length} ${type} ${payload.length} b'${String(payload).replaceAll('\n', '\\n')}'`;
  const pae =
    version === '0.2'
      ? Buffer.from(old)
      : Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const sig = sign(version === '0.2' ? 'sha256' : hash, pae, privateKey).toString('base64');
  const hint = { publicKey: { hint: sha256(publicPem) }, tlogEntries: [] };
  const raw = { publicKey: { rawBytes: Buffer.from(publicPem).toString('base64'), keyDetails: 'PKIX_ECDSA' } };
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: material ?? (version === '1.1' ? hint : raw),
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: type,
      signatures: [{ sig, keyid: version === '1.1' ? '' : null }],
    },
  });
}

// Certificates: an authority (RSA), one between (P-256), and signers that differ in one thing each.
const AUTHORITY = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign';
const SIGNER = 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning';
function request(name, ...algorithm) {
  openssl(
    'req',
    '-new',
    '-newkey',
    ...algorithm,
    '-nodes',
    '-keyout',
    at(`${name}.key`),
    '-subj',
    `/CN=${name}`,
    '-out',
    at(`${name}.csr`),
  );
}
function certify(name, issuer, extensions, { days = 36_500, as = name } = {}) {
  writeFileSync(at('extensions'), extensions);
  const by =
    issuer === undefined
      ? ['-signkey', at(`${name}.key`)]
      : ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer.split('.')[0]}.key`)];
  openssl(
    'x509',
    '-req',
    '-in',
    at(`${name}.csr`),
    ...by,
    '-days',
    String(days),
    '-sha256',
    '-extfile',
    at('extensions'),
    '-out',
    at(`${as}.pem`),
  );
}
const EC = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
request('root', 'rsa:2048');
request('stranger', ...EC);
request('between', ...EC);
request('signer', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384');
certify('root', undefined, AUTHORITY);
certify('stranger', undefined, AUTHORITY);
certify('between', 'root', AUTHORITY);
certify('between', 'root', `${AUTHORITY},digitalSignature`.replace('CA:TRUE', 'CA:FALSE'), {
  as: 'between.no-authority',
});
certify('between', 'root', AUTHORITY.replace('keyCertSign', 'cRLSign'), { as: 'between.no-issuer' });
certify('between', 'root', AUTHORITY, { as: 'between.short', days: 1 });
certify('root', undefined, AUTHORITY.replace('CA:TRUE', 'CA:TRUE,pathlen:0'), { as: 'root.depth-0' });
certify('signer', 'between', SIGNER);
certify('signer', 'root', SIGNER, { as: 'signer.direct' });
certify('signer', 'between', SIGNER.replace('digitalSignature', 'keyAgreement').replace('codeSigning', 'serverAuth'), {
  as: 'signer.no-signer',
});
certify('signer', 'between', `${SIGNER}\n1.3.6.1.4.1.99999.1=critical,ASN1:NULL`, { as: 'signer.critical' });
certify('signer', 'between', `${SIGNER}\nnameConstraints=critical,permitted;DNS:example.com`, { as: 'signer.named' });

const pem = (name) => readFileSync(at(`${name}.pem`), 'utf8');
const der = (name) => pem(name).replace(/-----[^-]+-----|\s/g, '');
const chain = (...names) => ({
  x509CertificateChain: { certificates: names.map((name) => ({ rawBytes: der(name) })) },
});
const signer = { privateKey: readFileSync(at('signer.key')), publicPem: '', hash: 'sha384' };
const [long, soon] = [Date.now() + 5 * 365 * 86_400_000, Date.now() + 60_000];

const keyed = Object.keys(HASHES).flatMap((curve) => {
  const key = newKey(curve);
  const common = { key: key.publicPem, ok: true };
  return [
    { name: `${curve}, as 1.0`, signature: bundle('1.0', key), ...common },
    { name: `${curve}, as 1.1`, signature: bundle('1.1', key), ...common, ignoredBySigner: ['.git', 'model.sig'] },
    { name: `${curve}, as 0.2`, signature: bundle('0.2', key), ...common, acceptV02: true },
    { name: `${curve}, as 0.2, not accepted`, signature: bundle('0.2', key), ...common, ok: false, why: 'untrusted' },
    {
      name: `${curve}, one file without its name`,
      signature: bundle('1.0', key, undefined, statement('1.0', 'config.json', ['.'])),
      ...common,
      files: ['config.json'],
    },
  ];
});
const certified = [
  { name: 'through a certificate between', chain: ['signer', 'between'], ok: true },
  { name: 'the same, in the format of 0.2', version: '0.2', chain: ['signer', 'between'], acceptV02: true, ok: true },
  { name: 'directly', chain: ['signer.direct'], ok: true },
  { name: 'with the authority in the bundle, too', chain: ['signer', 'between', 'root'], ok: true },
  { name: 'signed while all were valid', chain: ['signer', 'between.short'], signedAt: soon, ok: true },
  { name: 'signed when one was not valid any more', chain: ['signer', 'between.short'], signedAt: long, ok: false },
  { name: 'without the certificate between', chain: ['signer'], ok: false },
  { name: 'with another authority', chain: ['signer', 'between'], authority: 'stranger', ok: false },
  {
    name: 'with an authority of the bundle only',
    chain: ['signer', 'between', 'root'],
    authority: 'stranger',
    ok: false,
  },
  { name: 'by a certificate that is no authority', chain: ['signer', 'between.no-authority'], ok: false },
  { name: 'by a certificate that may not issue', chain: ['signer', 'between.no-issuer'], ok: false },
  { name: 'deeper than the authority allows', chain: ['signer', 'between'], authority: 'root.depth-0', ok: false },
  { name: 'as deep as the authority allows', chain: ['signer.direct'], authority: 'root.depth-0', ok: true },
  { name: 'with a certificate that is not for signing', chain: ['signer.no-signer', 'between'], ok: false },
  { name: 'with a critical extension that nobody knows', chain: ['signer.critical', 'between'], ok: false },
  { name: 'with names constrained', chain: ['signer.named', 'between'], ok: false },
].map(({ chain: names, version = '1.0', authority = 'root', ...rest }) => ({
  signature: bundle(version, signer, chain(...names)),
  authority: pem(authority),
  ...rest,
  ...(rest.ok ? {} : { why: 'untrusted' }),
}));

const out = new URL('../vectors/model-signing.json', import.meta.url);
writeFileSync(out, `${JSON.stringify({ files, keyed, certified }, null, 1)}\n`);
rmSync(folder, { recursive: true });
