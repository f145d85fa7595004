import * as z from 'zod/mini';

/** What is wrong with the form of a rollout's spec, and where; undefined when nothing is. */
export function problemIn(spec: unknown): { readonly path: string; readonly reason: string } | undefined {
  const parsed = z.safeParse(SPEC, spec);
  if (parsed.success) return undefined;
  const issue = parsed.error.issues[0];
  return { path: issue?.path.join('.') ?? '', reason: issue === undefined ? 'not a rollout' : reasonOf(issue) };
}

const share = z.union([z.number(), z.string()]);
const duration = z.union([z.number(), z.string()]);
const count = z.optional(z.number().check(z.int(), z.nonnegative()));
const alpha = z.optional(z.number().check(z.gt(0), z.lt(1)));
const positive = z.number().check(z.gt(0));
const SPEC = z.strictObject({
  challenger: z.union([z.string(), z.looseObject({ id: z.string() })]),
  alias: z.optional(z.string().check(z.minLength(1))),
  mode: z.optional(z.enum(['canary', 'blueGreen'])),
  stages: z.optional(
    z.array(
      z.union([
        share,
        z.strictObject({
          share,
          adapt: z.optional(
            z.strictObject({
              metric: z.string(),
              every: z.optional(duration),
              floor: z.optional(share),
              maxStep: z.optional(positive.check(z.lte(1))),
            }),
          ),
          minDwell: z.optional(duration),
          minUnits: count,
          minMatured: count,
        }),
      ]),
    ),
  ),
  metrics: z
    .array(
      z.strictObject({
        id: z.string().check(z.regex(/^[\w.-]{1,64}$/)),
        kind: z.enum(['event', 'latency', 'label', 'value']),
        better: z.enum(['lower', 'higher']),
        margin: z.union([z.strictObject({ relative: positive }), z.strictObject({ absolute: positive })], {
          error: 'expected { relative: 0.1 } or { absolute: 0.01 }, above 0',
        }),
        window: z.optional(duration),
        role: z.optional(z.enum(['guardrail', 'promotion', 'both'])),
        rollBackWhen: z.optional(z.enum(['worse', 'beyondMargin'])),
        weight: z.optional(positive),
        slo: z.optional(positive),
        quantile: z.optional(z.number().check(z.gt(0), z.lt(1))),
        cap: z.optional(positive),
        measure: z.optional(z.enum(['value', 'wrong', 'missed', 'falseAlarm', 'squaredError'])),
      }),
    )
    .check(z.minLength(1)),
  alpha: z.optional(z.strictObject({ rollback: alpha, promotion: alpha, balance: alpha })),
  minDwell: z.optional(duration),
  minUnits: count,
  minMatured: count,
  minEvents: count,
  maxDuration: z.optional(duration),
  bake: z.optional(duration),
  grace: z.optional(duration),
  approvals: count,
  rows: z.optional(z.enum(['epoch', 'unit', 'request'])),
  hardTtl: z.optional(duration),
  harmBegins: z.optional(z.enum(['atStart', 'anytime'])),
  breakers: z.optional(
    z.strictObject({
      failures: z.optional(positive.check(z.lte(1))),
      of: z.optional(z.number().check(z.int(), z.positive())),
      quorum: z.optional(positive.check(z.lte(1))),
    }),
  ),
  overrides: z.optional(
    z.array(
      z.strictObject({
        arm: z.enum(['champion', 'challenger']),
        units: z.optional(z.array(z.string().check(z.minLength(1)))),
        where: z.optional(
          z.record(z.string(), z.array(z.union([z.string(), z.number(), z.boolean()])).check(z.minLength(1))),
        ),
      }),
    ),
  ),
});

/** zod/mini carries no messages of its own. */
function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`;
    case 'unrecognized_keys':
      return `unknown: ${issue.keys.join(', ')}`;
    case 'too_small':
      return `expected ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `expected ${issue.inclusive === true ? 'at most' : 'less than'} ${issue.maximum}`;
    default:
      return issue.message;
  }
}
