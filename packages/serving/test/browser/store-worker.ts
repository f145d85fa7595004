import { deviceStore } from '@millwright/serving/browser';

/** What the store of a dedicated worker makes of pieces that come together. `postMessage(name of the store)`. */
export interface PackReport {
  /** After two of three pieces were put, as another visit sees it. */
  readonly interrupted: readonly string[];
  readonly read: readonly boolean[];
  /** Files in the folder: one pack, whatever it holds. */
  readonly files: number;
  readonly afterDelete: readonly string[];
  readonly filesAfterDelete: number;
}

self.addEventListener('message', async ({ data }: MessageEvent<string>) => {
  const names = [1, 2, 3].map((i) => String(i).repeat(64));
  const pieces = names.map((name, i) => ({ name, bytes: crypto.getRandomValues(new Uint8Array(10_000 + i)) }));
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(data, { create: true });
  const files = async () => {
    let count = 0;
    for await (const _ of folder.keys()) count++;
    return count;
  };
  const store = await deviceStore(data, ['opfs']);
  const batch = await store.batch!(pieces.map(({ name, bytes }) => ({ name, size: bytes.length })));
  for (const { name, bytes } of pieces.slice(0, 2)) await batch!.put(name, bytes);
  await batch!.close();
  const next = await deviceStore(data, ['opfs']);
  const interrupted = [...(await next.names())].sort();
  const read = await Promise.all(
    pieces.map(async ({ name, bytes }) => (await next.get(name))?.join() === bytes.join()),
  );
  const before = await files();
  await next.delete(names[0]!);
  const afterDelete = await next.names();
  await next.delete(names[1]!);
  self.postMessage({
    interrupted,
    read,
    files: before,
    afterDelete,
    filesAfterDelete: await files(),
  } satisfies PackReport);
});
