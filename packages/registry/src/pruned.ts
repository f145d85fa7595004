import { defined, type Json, type JsonObject } from '@millwright/core';

/** A value of a state as a checkpoint keeps it: without its undefined members, at any depth. */
export function pruned(value: object): JsonObject {
  return prune(value) as JsonObject;
}

function prune(value: unknown): Json {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(Object.entries(defined(value)).map(([key, member]) => [key, prune(member)]));
}
