import * as z from 'zod/mini';
import { figureSchema } from '../figure.js';
import { digest, json, text, word, words } from '../schemas.js';
import { aliasPolicySchema } from './policy/policy.js';

/** Payloads of the events of the model room. A payload that does not parse is a no-op for the fold. */
const verdict = z.enum(['pass', 'fail', 'insufficient']);

export const modelCreated = z.object({
  name: word,
  owner: word,
  risk: word,
  intendedUse: text,
  outOfScope: z._default(text, ''),
  description: z._default(text, ''),
  tags: z._default(words, {}),
});

export const modelChanged = z.object({
  name: word,
  owner: z.optional(word),
  risk: z.optional(word),
  intendedUse: z.optional(text),
  outOfScope: z.optional(text),
  description: z.optional(text),
  /** `null` removes the tag. */
  tags: z.optional(z.record(word, z.nullable(text))),
});

/** `model` is the id, `to` what it is called from now on. */
export const modelRenamed = z.object({ model: word, to: word });
export const modelDeleted = z.object({ model: word, reason: text });

export const versionRegistered = z.object({
  model: word,
  number: z.number(),
  kind: z._default(word, 'model'),
  artifact: digest,
  size: z.number(),
  /** Digest of the contract; `contractBlob` is where its JSON is stored. */
  contract: z.optional(digest),
  contractBlob: z.optional(digest),
  features: z.optional(digest),
  madeBy: z.optional(word),
  description: z._default(text, ''),
  metrics: z._default(z.record(word, figureSchema), {}),
  tags: z._default(words, {}),
  /** For a version that was imported: where it was registered first. */
  origin: z.optional(z.object({ ledger: word, version: word, root: digest, size: z.number(), eventIndex: z.number() })),
});

export const versionTagged = z.object({ version: word, tags: z.record(word, z.nullable(text)) });
export const versionDeprecated = z.object({ version: word, reason: text });
export const versionRetired = z.object({ version: word, reason: text });
export const versionDeleted = z.object({ version: word, reason: text });

export const evidenceAttached = z.object({
  version: word,
  kind: word,
  verdict,
  digest,
  /** Of the rules that it was judged by. */
  policy: z.optional(digest),
  /** Where the whole report is stored. */
  record: z.optional(digest),
  sentence: z._default(text, ''),
  metrics: z._default(
    z.array(z.object({ metric: word, slice: z.optional(text), value: figureSchema, rows: z.optional(z.number()) })),
    [],
  ),
});

export const approvalGiven = z.object({ version: word, role: word, reason: text });
export const approvalWithdrawn = z.object({ version: word, role: word, reason: text });

const policy = {
  digest,
  aliases: z.record(word, aliasPolicySchema),
  gate: z.optional(json),
  gateDigest: z.optional(digest),
  guardians: z.optional(z.array(word)),
  reason: z._default(text, ''),
};
export const policySet = z.object({ model: word, ...policy });
export const riskPolicySet = z.object({ risk: word, ...policy });

export const aliasMoved = z.object({
  model: word,
  alias: word,
  /** Undefined for an alias that is new. */
  from: z.optional(word),
  to: word,
  generation: z.number(),
  kind: z.enum(['move', 'rollback']),
  reason: text,
  evidence: z.array(digest),
  policy: z.optional(digest),
  /** Of the change plan that stood in for approvals. */
  plan: z.optional(digest),
  breakGlass: z._default(z.boolean(), false),
});

export const aliasRemoved = z.object({ model: word, alias: word, from: word, generation: z.number(), reason: text });
