import { isRecord } from '../foundation/record.js';
import { DIGESTS_V02_TYPE } from './model-signing-v02.js';
import { MODEL_SIGNATURE_TYPE, rootOf } from './sign-model.js';
import { type InTotoStatement, isSha256 } from './statement.js';

/** What a statement says about a model, with what it says about itself checked. */
export interface SignedModel {
  readonly name: string | undefined;
  /** SHA-256 by path. A model of a single file may be called `.`. */
  readonly files: ReadonlyMap<string, string>;
  readonly ignoredBySigner: readonly string[];
}

export interface Unreadable {
  readonly why: 'malformed' | 'unsupported';
  readonly reason: string;
}

/** The files of a model-signing 1.0 statement. */
export function readSignedModel({ subject, predicateType, predicate }: InTotoStatement): SignedModel | Unreadable {
  if (predicateType !== MODEL_SIGNATURE_TYPE) return unsupported(`a statement of type ${predicateType}`);
  const { serialization, resources } = predicate;
  if (!isRecord(serialization) || !Array.isArray(resources) || subject.length !== 1)
    return malformed('it lists no resources of one subject');
  const { method, hash_type: hash, ignore_paths: ignored = [] } = serialization;
  if (method !== 'files' || hash !== 'sha256') return unsupported(`the method ${method} with ${hash}`);
  const listed = resources.map((each) => (isRecord(each) ? each : {}));
  const other = listed.find(({ algorithm }) => algorithm !== 'sha256');
  if (other !== undefined) return unsupported(`a resource with the algorithm ${other['algorithm']}`);
  const files = new Map<string, string>();
  for (const { name, digest } of listed) if (typeof name === 'string' && isSha256(digest)) files.set(name, digest);
  if (files.size !== resources.length) return malformed('a resource is damaged or listed twice');
  const { name, digest } = subject[0]!;
  if (rootOf([...files.values()].map((each) => ({ digest: each }))) !== digest.sha256)
    return malformed('its subject is not the root of its resources');
  const ignoredBySigner = Array.isArray(ignored) ? ignored.filter((path) => typeof path === 'string') : [];
  return { name, files, ignoredBySigner };
}

/** The files of a model-signing 0.2 statement: its subjects. */
export function readSignedModelV02({ subject, predicateType }: InTotoStatement): SignedModel | Unreadable {
  if (predicateType !== DIGESTS_V02_TYPE)
    return unsupported(`a statement of type ${predicateType} in the format of 0.2`);
  const files = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
  if (files.size !== subject.length || files.size === 0) return malformed('a file is listed twice, or none is');
  return { name: undefined, files, ignoredBySigner: [] };
}

function malformed(reason: string): Unreadable {
  return { why: 'malformed', reason };
}

function unsupported(what: string): Unreadable {
  return { why: 'unsupported', reason: `${what} is not supported; SHA-256 of whole files is` };
}
