import { invalidInput, type Name, parseName } from '@millwright/core';
import type { LineageKind } from '@millwright/core/lineage';

/** Something that has an immutable number: `flight-delay@3`. */
export interface VersionReference {
  readonly name: Name;
  readonly number: number;
}

/** A version as people hold it: the thing itself, or its id. */
export type ReferenceLike = string | { readonly id: string };

/** A node of the lineage graph as people hold it: a version, a run, or `kind:name@version`. */
export type NodeLike = string | { readonly node: string };

/** The id of `name@number`. */
export function referenceId(name: string, number: number): string {
  return `${name}@${number}`;
}

/** Parses `name@number`, or the thing that carries it as `id`. @throws `input/invalid` */
export function parseReference(input: ReferenceLike, what = 'version'): VersionReference {
  const id = typeof input === 'string' ? input : input?.id;
  const match = typeof id === 'string' ? /^(.+)@([1-9][0-9]{0,14})$/.exec(id) : null;
  if (match === null) throw invalidInput(what, 'an id such as `flight-delay@3`', id);
  return { name: parseName(match[1], what), number: Number(match[2]) };
}

/** The lineage node of a version, a run or a dataset. */
export function nodeId(kind: LineageKind, id: string): string {
  return `${kind}:${id}`;
}

/** @throws `input/invalid` */
export function parseNode(input: NodeLike, what: string): string {
  const node = typeof input === 'string' ? input : input?.node;
  if (typeof node !== 'string' || !/^[a-z]+:[^\s]{1,300}$/.test(node))
    throw invalidInput(what, 'a version, a run, a dataset or a node such as `dataset:flights@1`', node);
  return node;
}
