/**
 * Calls back after what is already waiting for this thread: everything submitted meanwhile ends up in one batch.
 * `setImmediate` in Node, a message to itself in a page, where timers are clamped to 4 ms and throttled in the background.
 */
export const nextTurn: (callback: () => void) => void = pick();

function pick(): (callback: () => void) => void {
  const { setImmediate } = globalThis as { readonly setImmediate?: (callback: () => void) => void };
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback);
  let channel: MessageChannel | undefined;
  const waiting: (() => void)[] = [];
  return (callback) => {
    if (channel === undefined) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => waiting.shift()?.();
    }
    waiting.push(callback);
    channel.port2.postMessage(undefined);
  };
}
