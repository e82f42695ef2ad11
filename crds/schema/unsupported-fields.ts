/** Owns the list of what a spec may ask for and this version does not do yet: for the condition FieldsSupported. */
import type { ServedEntity } from './served-entity.ts';
import type { ServingEndpointSpec } from './serving-endpoint.ts';

export interface UnsupportedField {
  /** `spec.servedEntities[1].externalModel` */
  readonly path: string;
  /** What does not happen, and what to do until it does. */
  readonly message: string;
}

type Row<Subject> = readonly [field: string, isAskedFor: (subject: Subject) => boolean, message: string];

/** Whoever builds one of these deletes its row. */
const endpointRows: readonly Row<ServingEndpointSpec>[] = [
  [
    'aiGateway.guardrails',
    (spec) => Object.keys(spec.aiGateway?.guardrails ?? {}).length > 0,
    'content is not checked yet; check it before the request is sent',
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
];

/** Returns the fields of `spec` that are accepted and kept but not acted on, in the order of the spec. */
export function unsupportedFieldsOf(spec: ServingEndpointSpec): UnsupportedField[] {
  return [
    ...matching(endpointRows, spec, 'spec'),
    ...spec.servedEntities.flatMap((entity, index) =>
      matching(entityRows, entity, `spec.servedEntities[${index}]`),
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
