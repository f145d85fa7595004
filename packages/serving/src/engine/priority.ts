import type { RequestContext } from '@millwright/core';
import type { Share } from './fair-share.js';

/** A share of the engine's time for each tenant in each priority. */
export function shareOf({ priority = 'normal', tenant }: RequestContext): Share {
  return tenant === undefined
    ? PRIORITIES[priority]
    : { key: `${priority}/${tenant}`, weight: PRIORITIES[priority].weight };
}

const PRIORITIES = {
  high: { key: 'high', weight: 16 },
  normal: { key: 'normal', weight: 4 },
  low: { key: 'low', weight: 1 },
} as const satisfies Record<NonNullable<RequestContext['priority']>, Share>;
