import { parseDigest } from '@millwright/core';
import type { Registry } from '@millwright/registry';
import type { Fields } from './body.js';
import { jsonResponse } from './json.js';
import { actingOf, type Route, route } from './router.js';

/**
 * Approvals and moves of aliases, in the name of the caller that the hook established. The header `idempotency-key` makes
 * sending twice harmless. Policies decide as they do in the process: what they deny is a 403 with their reasons.
 */
export function registryWrites({ models }: Registry): readonly Route[] {
  return [
    route('write', 'POST /versions/:version/approvals', 'version.approve', async (call) => {
      const approval = { ...roleAndReason(await call.body()), ...actingOf(call) };
      return jsonResponse(await models.approve(call.params['version']!, approval), { status: 201 });
    }),
    route('write', 'POST /versions/:version/approvals/withdraw', 'version.withdrawApproval', async (call) => {
      const approval = { ...roleAndReason(await call.body()), ...actingOf(call) };
      return jsonResponse(await models.withdrawApproval(call.params['version']!, approval));
    }),
    route('write', 'POST /models/:model/aliases/:alias', 'alias.move', async (call) => {
      const body = await call.body();
      const options = {
        ...because(body),
        evidence: body.texts('evidence')?.map((digest) => parseDigest(digest, 'evidence')),
        breakGlass: body.optional('breakGlass', 'boolean'),
        ...actingOf(call),
      };
      const { model, alias } = call.params;
      return jsonResponse(await models.moveAlias(model!, alias!, body.text('version'), options));
    }),
    route('write', 'POST /models/:model/aliases/:alias/rollback', 'alias.rollBack', async (call) => {
      const { model, alias } = call.params;
      const options = { ...because(await call.body()), ...actingOf(call) };
      return jsonResponse(await models.rollBack(model!, alias!, options));
    }),
  ];
}

function because(body: Fields) {
  return { reason: body.text('reason'), note: body.optional('note', 'string') };
}

function roleAndReason(body: Fields) {
  return { role: body.text('role'), ...because(body) };
}
