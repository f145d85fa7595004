import { type Digest, decodeUtf8, encodeUtf8, toHex } from '@millwright/core';
import { type ModelDescription, parseDescription, piecesOf } from './description.js';
import type { DeviceStore } from './device-store.js';
import { nameOf } from './download.js';

/** What this device keeps of the models of one URL: those that were loaded here, newest first, and those it went back from. */
export interface KeptModels {
  readonly models: readonly ModelDescription[];
  readonly refused: readonly Digest[];
}

/** The model in use and the one before it. */
const KEEP = 2;
const PREFIX = 'model-';

/** Reads without trusting: what cannot be read or does not fit together counts as nothing. */
export async function keptModels(store: DeviceStore, url: URL): Promise<KeptModels> {
  return await read(store, await nameFor(url));
}

/** The model was loaded here: it is what an offline visit starts with, and pieces that no kept model needs are deleted. */
export async function keepModel(store: DeviceStore, url: URL, model: ModelDescription): Promise<void> {
  const { models, refused } = await keptModels(store, url);
  const others = models.filter(({ digest }) => digest !== model.digest);
  await write(store, url, { models: [model, ...others].slice(0, KEEP), refused });
  await sweep(store);
}

/** The model is not taken again from this URL, until another is published there. */
export async function refuseModel(store: DeviceStore, url: URL, digest: Digest): Promise<void> {
  const { models } = await keptModels(store, url);
  await write(store, url, { models: models.filter((model) => model.digest !== digest), refused: [digest] });
}

async function write(store: DeviceStore, url: URL, kept: KeptModels): Promise<void> {
  await store.put(await nameFor(url), encodeUtf8(JSON.stringify(kept)));
}

async function read(store: DeviceStore, name: string): Promise<KeptModels> {
  try {
    const bytes = await store.get(name);
    const { models, refused } = JSON.parse(decodeUtf8(bytes ?? new Uint8Array())) as Partial<KeptModels>;
    return { models: (models ?? []).map(parseDescription), refused: refused ?? [] };
  } catch {
    return { models: [], refused: [] };
  }
}

async function sweep(store: DeviceStore): Promise<void> {
  const names = await store.names();
  const needed = new Set<string>();
  for (const name of names.filter((each) => each.startsWith(PREFIX))) {
    needed.add(name);
    for (const model of (await read(store, name)).models)
      for (const file of model.manifest.files) for (const piece of piecesOf(model, file)) needed.add(nameOf(piece));
  }
  for (const name of names) if (!needed.has(name)) await store.delete(name);
}

async function nameFor({ href }: URL): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new Uint8Array(encodeUtf8(href)));
  return `${PREFIX}${toHex(new Uint8Array(hash))}`;
}
