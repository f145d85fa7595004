import {
  canonicalJson,
  encodeUtf8,
  fromBase64,
  invalidInput,
  MillwrightError,
  systemClock,
  toBase64,
} from '@millwright/core';
import type { Ledger, LedgerEvent } from '@millwright/core/ledger';
import { type DeliveryOptions, deliverEvents, type EventExit } from './deliver.js';

/** A delivery in the format of standardwebhooks.com. */
export interface SignedWebhook {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs an event for delivery. The delivery id is the event's own (`ledger/index`), so that a receiver knows an event
 * that comes twice, whoever sends it.
 *
 * @param secret `whsec_` and base64, 24 to 64 bytes
 * @throws `input/invalid`
 */
export async function signWebhook(
  ledgerId: string,
  event: LedgerEvent,
  secret: string,
  timeMs: number,
): Promise<SignedWebhook> {
  const { type, data, index, time, actor } = event;
  const id = `${ledgerId}/${index}`;
  const timestamp = String(Math.floor(timeMs / 1_000));
  const body = canonicalJson({
    type,
    timestamp: new Date(time).toISOString(),
    data: { ...data, actor, eventIndex: index },
  });
  const mac = await crypto.subtle.sign(
    'HMAC',
    await keyOf(secret),
    encodeUtf8(`${id}.${timestamp}.${body}`) as BufferSource,
  );
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${toBase64(new Uint8Array(mac))}`,
    },
  };
}

/**
 * True when one of the signatures is right and the time is near. The comparison is the Web Crypto one, in constant time.
 *
 * @throws `input/invalid` for a secret that is none
 */
export async function verifyWebhook(
  webhook: SignedWebhook,
  secret: string,
  { now, toleranceMs = 300_000 }: { readonly now: number; readonly toleranceMs?: number | undefined },
): Promise<boolean> {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = webhook.headers;
  if (id === undefined || signatures === undefined || !/^[0-9]{1,12}$/.test(timestamp ?? '')) return false;
  if (Math.abs(now - Number(timestamp) * 1_000) > toleranceMs) return false;
  const key = await keyOf(secret);
  const message = encodeUtf8(`${id}.${timestamp}.${webhook.body}`) as BufferSource;
  for (const signature of signatures.split(' ').slice(0, MAX_SIGNATURES)) {
    const mac = signature.startsWith('v1,') ? fromBase64(signature.slice(3)) : undefined;
    if (mac !== undefined && (await crypto.subtle.verify('HMAC', key, mac as BufferSource, message))) return true;
  }
  return false;
}

const MAX_SIGNATURES = 16;

/** Who is called, and with which secret the calls are signed. */
export interface WebhookOptions extends DeliveryOptions {
  /** Who may be called is the caller's decision: check addresses that users enter, or deliver through a proxy that does. */
  readonly url: string;
  /** Of Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes. */
  readonly secret: string;
  readonly fetch?: typeof fetch | undefined;
}

/** Delivers events to a web address in order, each at least once, until the signal aborts. Redirects are refused. */
export async function deliverWebhooks(ledger: Ledger, options: WebhookOptions): Promise<void> {
  const { url, secret, clock = systemClock, fetch: post = fetch } = options;
  await keyOf(secret);
  const exit: EventExit = {
    async send(event, { id }, { signal } = {}) {
      const { body, headers } = await signWebhook(id, event, secret, clock.now());
      const init: RequestInit = { method: 'POST', body, headers, redirect: 'error' };
      const response = await post(url, signal === undefined ? init : { ...init, signal });
      // An answer that nobody reads keeps its connection.
      await response.body?.cancel().catch(() => undefined);
      if (!response.ok) throw refused(url, response.status);
    },
  };
  await deliverEvents(ledger, exit, options);
}

function refused(url: string, status: number): MillwrightError<'storage/failed'> {
  const { origin } = new URL(url);
  return new MillwrightError('storage/failed', `${origin} answered ${status}.`, {
    details: { store: origin, operation: 'webhook' },
  });
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = secret.startsWith('whsec_') ? fromBase64(secret.slice(6)) : undefined;
  if (bytes === undefined || bytes.length < 24 || bytes.length > 64)
    throw invalidInput('secret', '`whsec_` and 24 to 64 bytes as base64', secret === '' ? '' : '(not shown)');
  return crypto.subtle.importKey('raw', bytes as BufferSource, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
}
