/** Owns the list of what a spec may ask for and this version does not do yet: for the condition FieldsSupported. */
import type { ModelScheme } from './model-source.ts';
import { modelSchemeOf } from './model-source.ts';
import type { ServedEntity } from './served-entity.ts';
import type { ServingEndpointSpec } from './serving-endpoint.ts';

export interface UnsupportedField {
  /** `spec.servedEntities[1].externalModel` */
  readonly path: string;
  /** What does not happen, and what to do until it does. */
  readonly message: string;
}

type Row<Subject> = readonly [field: string, isAskedFor: (subject: Subject) => boolean, message: string];

/** Schemes that models are brought from: fetched, or mounted (`pvc`). */
const fetchedSchemes: ReadonlySet<ModelScheme | undefined> = new Set<ModelScheme>([
  'models',
  'runs',
  'mlflow-artifacts',
  's3',
  'https',
  'file',
  'pvc',
]);

/** Whoever builds one of these deletes its row. */
const endpointRows: readonly Row<ServingEndpointSpec>[] = [
  [
    'aiGateway.guardrails',
    (spec) => Object.keys(spec.aiGateway?.guardrails ?? {}).length > 0,
    'content is not checked yet; check it before the request is sent',
  ],
  [
    'aiGateway.usageTracking',
    (spec) => spec.aiGateway?.usageTracking?.enabled === true,
    'usage is not recorded yet; read the metrics of the gateway',
  ],
  [
    'aiGateway.inferenceTable',
    (spec) => spec.aiGateway?.inferenceTable?.enabled === true,
    'requests and answers are not recorded yet',
  ],
];

const entityRows: readonly Row<ServedEntity>[] = [
  [
    'externalModel',
    (entity) => entity.externalModel !== undefined,
    'external providers are not called yet; serve a model, or leave the entity out',
  ],
  [
    'foundationModel',
    (entity) => entity.foundationModel !== undefined,
    'there is no catalogue of foundation models yet; serve a model by its URI',
  ],
  [
    'model.uri',
    (entity) => entity.model !== undefined && !fetchedSchemes.has(modelSchemeOf(entity.model.uri)),
    `models cannot be fetched from there yet; use ${[...fetchedSchemes].map((scheme) => `${scheme ?? ''}:`).join(', ')}`,
  ],
];

const rateLimitRows: readonly Row<{ readonly tokens?: number | undefined }>[] = [
  ['tokens', (limit) => limit.tokens !== undefined, 'tokens are not counted yet; limit the calls'],
];

/** Returns the fields of `spec` that are accepted and kept but not acted on, in the order of the spec. */
export function unsupportedFieldsOf(spec: ServingEndpointSpec): UnsupportedField[] {
  return [
    ...matching(endpointRows, spec, 'spec'),
    ...spec.servedEntities.flatMap((entity, index) =>
      matching(entityRows, entity, `spec.servedEntities[${index}]`),
    ),
    ...(spec.rateLimits ?? []).flatMap((limit, index) =>
      matching(rateLimitRows, limit, `spec.rateLimits[${index}]`),
    ),
  ];
}

function matching<Subject>(
  rows: readonly Row<Subject>[],
  subject: Subject,
  path: string,
): UnsupportedField[] {
  return rows
    .filter(([, isAskedFor]) => isAskedFor(subject))
    .map(([field, , message]) => ({ path: `${path}.${field}`, message }));
}
