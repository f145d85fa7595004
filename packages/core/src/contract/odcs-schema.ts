import * as z from 'zod/mini';

/**
 * The parts of the Open Data Contract Standard 3.1 that decide whether a document is one, strict where the standard is
 * strict. Parts that have no bearing on data (servers, team, roles, price, support) are only asked to be there in name.
 */
export const odcsDocument: Schemas['document'] = /* @__PURE__ */ documentOf();

type Schemas = ReturnType<typeof schemas>;
export type OdcsTable = z.infer<Schemas['table']>;
export type OdcsProperty = z.infer<Schemas['property']>;
export type OdcsQuality = z.infer<Schemas['quality']>;

function documentOf(): Schemas['document'] {
  return schemas().document;
}

/** Inside a function, so that a bundler can leave it out: who only checks inputs does not carry it. */
function schemas() {
  const text = z.string();
  const tags = z.optional(z.array(text));
  const anything = z.optional(z.unknown());
  const common = {
    id: z.optional(text),
    name: z.optional(text),
    physicalName: z.optional(text),
    physicalType: z.optional(text),
    businessName: z.optional(text),
    description: z.optional(text),
    tags,
    customProperties: anything,
    authoritativeDefinitions: anything,
  };

  const operators = {
    mustBe: anything,
    mustNotBe: anything,
    mustBeGreaterThan: z.optional(z.number()),
    mustBeGreaterOrEqualTo: z.optional(z.number()),
    mustBeLessThan: z.optional(z.number()),
    mustBeLessOrEqualTo: z.optional(z.number()),
    mustBeBetween: z.optional(z.array(z.number()).check(z.length(2))),
    mustNotBeBetween: z.optional(z.array(z.number()).check(z.length(2))),
  };
  const OPERATORS = Object.keys(operators);

  const qualityBase = {
    ...common,
    ...operators,
    dimension: z.optional(
      z.enum(['accuracy', 'completeness', 'conformity', 'consistency', 'coverage', 'timeliness', 'uniqueness']),
    ),
    method: z.optional(text),
    severity: z.optional(text),
    businessImpact: z.optional(text),
    unit: z.optional(text),
    schedule: z.optional(text),
    scheduler: z.optional(text),
  };

  const libraryQuality = z
    .strictObject({
      ...qualityBase,
      type: z.optional(z.literal('library')),
      metric: z.enum(['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount']),
      rule: z.optional(text),
      arguments: z.optional(z.record(text, z.unknown())),
    })
    .check(
      z.refine((rule) => OPERATORS.filter((name) => name in rule).length === 1, { error: 'exactly one operator' }),
    );

  const quality = z.union([
    libraryQuality,
    z.strictObject({ ...qualityBase, type: z.literal('sql'), query: text }),
    z.strictObject({ ...qualityBase, type: z.literal('custom'), engine: text, implementation: z.unknown() }),
    z.strictObject({ ...qualityBase, type: z.literal('text') }),
  ]);

  const count = z.optional(z.int().check(z.gte(0)));
  const stringOptions = z.strictObject({
    minLength: count,
    maxLength: count,
    pattern: z.optional(text),
    format: z.optional(text),
  });
  const bounds = <T extends z.ZodMiniType>(of: T) => ({
    minimum: z.optional(of),
    maximum: z.optional(of),
    exclusiveMinimum: z.optional(of),
    exclusiveMaximum: z.optional(of),
  });
  const numberOptions = z.strictObject({
    ...bounds(z.number()),
    multipleOf: z.optional(z.number()),
    format: z.optional(text),
  });
  const timeOptions = z.strictObject({
    ...bounds(text),
    format: z.optional(text),
    timezone: z.optional(z.boolean()),
    defaultTimezone: z.optional(text),
  });
  const OPTIONS: Readonly<Record<string, z.ZodMiniType>> = {
    string: stringOptions,
    number: numberOptions,
    integer: numberOptions,
    date: timeOptions,
    timestamp: timeOptions,
    time: timeOptions,
  };

  const property = z
    .strictObject({
      ...common,
      name: text,
      logicalType: z.optional(
        z.enum(['string', 'date', 'timestamp', 'time', 'number', 'integer', 'object', 'array', 'boolean']),
      ),
      logicalTypeOptions: z.optional(z.record(text, z.unknown())),
      primaryKey: z.optional(z.boolean()),
      primaryKeyPosition: z.optional(z.int()),
      required: z.optional(z.boolean()),
      unique: z.optional(z.boolean()),
      partitioned: z.optional(z.boolean()),
      partitionKeyPosition: z.optional(z.int()),
      classification: z.optional(text),
      encryptedName: z.optional(text),
      transformSourceObjects: z.optional(z.array(text)),
      transformLogic: z.optional(text),
      transformDescription: z.optional(text),
      examples: anything,
      criticalDataElement: z.optional(z.boolean()),
      relationships: anything,
      quality: z.optional(z.array(quality)),
      properties: anything,
      items: anything,
    })
    .check(
      z.refine(
        (p) =>
          p.logicalTypeOptions === undefined ||
          OPTIONS[p.logicalType ?? '']?.safeParse(p.logicalTypeOptions).success !== false,
        {
          error: 'options that the logical type does not have',
          path: ['logicalTypeOptions'],
        },
      ),
    );

  const table = z.strictObject({
    ...common,
    name: text,
    logicalType: z.optional(z.literal('object')),
    dataGranularityDescription: z.optional(text),
    properties: z.optional(z.array(property)),
    relationships: z.optional(
      z.array(
        z
          .looseObject({ from: z.unknown(), to: z.unknown() })
          .check(z.refine((r) => r.from !== undefined && r.to !== undefined, { error: '`from` and `to`' })),
      ),
    ),
    quality: z.optional(z.array(quality)),
  });

  const document = z.strictObject({
    kind: z.literal('DataContract'),
    apiVersion: z.enum(['v3.1.0', 'v3.0.2', 'v3.0.1', 'v3.0.0']),
    id: text,
    version: text,
    status: text,
    name: z.optional(text),
    tenant: z.optional(text),
    tags,
    domain: z.optional(text),
    dataProduct: z.optional(text),
    description: anything,
    servers: anything,
    schema: z.optional(z.array(table)),
    support: anything,
    price: anything,
    team: anything,
    roles: anything,
    slaDefaultElement: z.optional(text),
    slaProperties: z.optional(
      z.array(
        z.strictObject({
          id: z.optional(text),
          property: text,
          value: z.unknown(),
          valueExt: anything,
          unit: z.optional(text),
          element: z.optional(text),
          driver: z.optional(text),
          description: z.optional(text),
          scheduler: z.optional(text),
          schedule: z.optional(text),
        }),
      ),
    ),
    authoritativeDefinitions: anything,
    customProperties: anything,
    contractCreatedTs: z.optional(text),
  });

  return { document, table, property, quality };
}
