import { MillwrightError } from '@millwright/core';

/** What a request wants to do, before it is done. */
export interface Access {
  /** `operate`: health, readiness and metrics. */
  readonly kind: 'operate' | 'predict' | 'read' | 'write';
  /** `version.approve`, `review.decide`, `model.read`, … */
  readonly action: string;
  /** What it is about: `{ version: 'fraud@2' }`. What the caller sent, not checked yet. */
  readonly params: Readonly<Record<string, string>>;
}

/** Who calls, as the hook established it. */
export interface Caller {
  /** Written into the ledger with everything that the caller does. */
  readonly actor: string;
  /** Under load, tenants get the same time (see `RequestContext`). */
  readonly tenant?: string | undefined;
}

/** What a hook may look at: everything but the body, which belongs to the handler. */
export type AccessRequest = Pick<Request, 'method' | 'url' | 'headers' | 'signal'>;

/** Says who calls if they may do it; undefined refuses. What it throws refuses, too. */
export type Authorise = (request: AccessRequest, access: Access) => Promise<Caller | undefined> | Caller | undefined;

/**
 * Asks the hook. Without one, whoever reaches the handler may read, predict and look at its health, and nobody may write.
 * @throws `access/denied`
 */
export async function admit(
  authorise: Authorise | undefined,
  { method, url, headers, signal }: AccessRequest,
  access: Access,
): Promise<Caller | undefined> {
  if (authorise === undefined && access.kind !== 'write') return undefined;
  const caller = await authorise?.({ method, url, headers, signal }, access);
  if (caller !== undefined && (access.kind !== 'write' || caller.actor !== '')) return caller;
  const advice =
    authorise === undefined
      ? 'This service was made without an `authorise` hook, so nothing may be written.'
      : 'The `authorise` hook did not admit the caller.';
  throw new MillwrightError('access/denied', `\`${access.action}\` is refused. ${advice}`, {
    details: { action: access.action },
  });
}
