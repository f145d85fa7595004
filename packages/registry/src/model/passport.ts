import { type Abortable, type Digest, MillwrightError, parseDigest } from '@millwright/core';
import { type Manifest, openArtifact, putArtifact } from '@millwright/core/artifact';
import { type InclusionProof, type LedgerEvent, verifyInclusion } from '@millwright/core/ledger';
import type { BlobStore } from '@millwright/core/storage';
import type { RegistryDoors } from '../doors.js';
import * as events from './events.js';
import type { ModelVersion, VersionOrigin } from './types.js';

/** A version with what its ledger holds about it, each entry with its proof: what one registry hands to another. Plain JSON. */
export interface VersionPassport {
  readonly format: 'millwright.passport/1';
  /** Id of the ledger that it comes from. */
  readonly ledger: string;
  readonly version: string;
  /** Root that all proofs lead to; whoever imports must know it from elsewhere. */
  readonly root: Digest;
  readonly size: number;
  /** The registration first, then the evidence in order. */
  readonly entries: readonly {
    readonly type: string;
    readonly data: LedgerEvent['data'];
    readonly proof: InclusionProof;
  }[];
}

/** Writes the passport of a version. @throws `state/not-found` */
export async function writePassport(
  { ledger }: RegistryDoors,
  version: ModelVersion,
  options: Abortable = {},
): Promise<VersionPassport> {
  const wanted = [version.eventIndex, ...version.evidence.map((e) => e.eventIndex)];
  const proofs = await Promise.all(wanted.map((index) => ledger.prove(index, options)));
  const { root, size } = proofs[0]!;
  const entries: VersionPassport['entries'][number][] = [];
  for (const proof of proofs) {
    for await (const { type, data } of ledger.read({ from: proof.index, signal: options.signal })) {
      entries.push({ type, data, proof });
      break;
    }
  }
  return { format: 'millwright.passport/1', ledger: ledger.id, version: version.id, root, size, entries };
}

/** What a passport proves. */
export interface CheckedPassport {
  readonly origin: VersionOrigin;
  readonly registration: ReturnType<typeof events.versionRegistered.parse>;
  readonly evidence: readonly ReturnType<typeof events.evidenceAttached.parse>[];
}

/** Checks every proof against a root that is trusted already. @throws `registry/denied` naming what does not hold */
export function checkPassport(passport: VersionPassport, trustedRoot: Digest): CheckedPassport {
  const { ledger, version, root, size, entries } = passport;
  const [first, ...rest] = entries;
  if (passport.format !== 'millwright.passport/1' || first === undefined) throw refused('it is no passport');
  if (root !== parseDigest(trustedRoot, 'trustedRoot'))
    throw refused(`its root ${root} is not the one that is trusted`);
  for (const { type, data, proof } of entries)
    if (proof.root !== root || !verifyInclusion(proof, { type, data }))
      throw refused(`the entry ${proof.index} is not proved`);
  const registration = events.versionRegistered.safeParse(first.data);
  if (first.type !== 'version.registered' || !registration.success) throw refused('its first entry is no registration');
  if (`${registration.data.model}@${registration.data.number}` !== version)
    throw refused('it is about another version');
  const evidence = rest.map(({ type, data }) => {
    const parsed = events.evidenceAttached.safeParse(data);
    if (type !== 'evidence.attached' || !parsed.success || parsed.data.version !== version)
      throw refused('an entry is no evidence of this version');
    return parsed.data;
  });
  const origin = { ledger, version, root, size, eventIndex: first.proof.index };
  return { origin, registration: registration.data, evidence };
}

/** Copies an artifact from one blob store to another, verified on the way; what is there already is not read. */
export async function copyArtifact(
  from: BlobStore,
  to: BlobStore,
  digest: Digest,
  options: Abortable,
): Promise<Manifest> {
  const artifact = await openArtifact(from, digest, options);
  const files = artifact.manifest.files.map(({ path, mediaType }) => [
    path,
    { open: () => artifact.stream(path, options), mediaType },
  ]);
  const { manifest } = await putArtifact(to, Object.fromEntries(files), options);
  return manifest;
}

function refused(reason: string): MillwrightError<'registry/denied'> {
  return new MillwrightError('registry/denied', `The passport is refused: ${reason}.`, {
    details: { action: 'version.import', reasons: [reason] },
  });
}
