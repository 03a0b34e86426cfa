/** JSON schema of a tool's result: of the interface of the same name, less its comments. */
export interface OutputSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required: string[];
  readonly [keyword: string]: unknown;
}

const STRING = { type: 'string' };
const INTEGER = { type: 'integer' };
const NUMBER = { type: ['number', 'null'] };
const BOOLEAN = { type: 'boolean' };

/** Every property is required: a model need not ask which are there. */
function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []): OutputSchema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}

function list(items: object): object {
  return { type: 'array', items };
}

function orNull(schema: OutputSchema): object {
  return { anyOf: [schema, { type: 'null' }] };
}

const FILE = { path: STRING, format: STRING, bytes: INTEGER, files: INTEGER };
const WARNINGS = list(object({ code: STRING, message: STRING }));
const TABLE = object(
  {
    columns: list(STRING),
    rows: list(list({ type: ['string', 'number', 'boolean', 'null'] })),
    omitted: INTEGER,
    more: STRING,
  },
  ['more'],
);
const SCOPE = orNull(
  object({
    counts: STRING,
    withFineTuning: NUMBER,
    cosineThere: NUMBER,
    withoutFineTuning: NUMBER,
    methods: { type: 'object', additionalProperties: { type: 'number' } },
  }),
);
const SIDE = object({
  ...FILE,
  prunable: INTEGER,
  limit: NUMBER,
  kurtosis: NUMBER,
  zeroFraction: NUMBER,
  initialisation: STRING,
});
const AGREEMENT = orNull(object({ same: BOOLEAN, agreement: list(NUMBER) }));

export const ANALYSIS_SCHEMA = object({
  schema: STRING,
  answer: STRING,
  file: object(FILE),
  parameters: object({ total: INTEGER, prunable: INTEGER, weights: INTEGER }),
  limits: object({ weights: SCOPE, parameters: SCOPE }),
  kurtosis: object({ normal: { const: 3 }, weights: NUMBER, parameters: NUMBER, ofKurtoses: NUMBER }),
  initialisation: STRING,
  warnings: WARNINGS,
  layers: TABLE,
  assumptions: STRING,
  references: list(STRING),
});

export const COMPARISON_SCHEMA = object(
  {
    schema: STRING,
    answer: STRING,
    before: SIDE,
    after: SIDE,
    tensors: object({ common: INTEGER, added: INTEGER, removed: INTEGER, reshaped: INTEGER }),
    weights: orNull(
      object({
        cosineSimilarity: NUMBER,
        relativeChange: NUMBER,
        maxChange: NUMBER,
        equalFraction: NUMBER,
        maskOverlap: NUMBER,
      }),
    ),
    pruning: orNull(
      object({
        prunedFraction: NUMBER,
        prunedCount: INTEGER,
        revivedCount: INTEGER,
        unchangedFraction: NUMBER,
        globalMagnitude: AGREEMENT,
        layerwiseMagnitude: AGREEMENT,
      }),
    ),
    layers: TABLE,
    notCommon: TABLE,
    warnings: WARNINGS,
    assumptions: STRING,
  },
  ['notCommon'],
);

export const DESCRIPTION_SCHEMA = object({
  schema: STRING,
  file: object(FILE),
  tensors: INTEGER,
  parameters: object({ total: INTEGER, prunable: INTEGER }),
  dtypes: { type: 'object', additionalProperties: INTEGER },
  analysis: orNull(
    object({ answer: STRING, limit: NUMBER, limitWithoutFineTuning: NUMBER, kurtosis: NUMBER, initialisation: STRING }),
  ),
});
