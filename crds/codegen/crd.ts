/** Owns the CustomResourceDefinition object: names, scope, printer columns and the root of the schema. */
import type * as z from 'zod';
import { apiGroup, apiVersionName } from '../schema/api.ts';
import { GenerationError } from './generation-error.ts';
import type { JsonSchema } from '../json-schema.ts';
import { makeStructuralSchema } from './structural.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 0 is always shown, 1 with `-o wide` only. */
  readonly priority?: 0 | 1;
}

/** What a kind is to Kubernetes, beyond its schema. */
export interface ResourceDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  /** Describes the kind, for `kubectl explain`. */
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  /** The zod schema of the whole object, `apiVersion` to `status`. */
  readonly schema: z.ZodType;
}

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly scope: 'Namespaced' | 'Cluster';
    readonly versions: readonly CrdVersion[];
  };
}

export interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly schema: { readonly openAPIV3Schema: JsonSchema };
  readonly subresources: { readonly status: Record<string, never> };
}

/**
 * Returns the CRD of `resource`, with a status subresource.
 *
 * @throws GenerationError naming kind and field, where the zod schema cannot become a structural schema.
 */
export function makeCustomResourceDefinition(resource: ResourceDefinition): CustomResourceDefinition {
  const { kind, plural, singular, shortNames, categories, scope, columns } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${apiGroup}` },
    spec: {
      group: apiGroup,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
      scope,
      versions: [
        {
          name: apiVersionName,
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: makeRootSchema(resource) },
          subresources: { status: {} },
        },
      ],
    },
  };
}

/** Without it kstatus takes an object that nobody has looked at yet for one that is as it should be. */
const notYetObserved = { observedGeneration: -1 };

/** The API server owns `apiVersion`, `kind` and `metadata`: a CRD may only name them. */
function makeRootSchema({ kind, schema, description }: ResourceDefinition): JsonSchema {
  const { properties = {}, required = [], ...root } = structuralSchemaOf(kind, schema);
  const { status, ...others } = properties;
  return {
    description,
    ...root,
    properties: {
      ...others,
      ...(status === undefined ? {} : { status: { ...status, default: notYetObserved } }),
      apiVersion: {
        type: 'string',
        description: 'Group and version of the API that the object is written in.',
      },
      kind: { type: 'string', description: 'Kind of the object.' },
      metadata: { type: 'object' },
    },
    required: required.filter((name) => name !== 'apiVersion' && name !== 'kind'),
  };
}

function structuralSchemaOf(kind: string, schema: z.ZodType): JsonSchema {
  try {
    return makeStructuralSchema(schema);
  } catch (error) {
    if (!(error instanceof GenerationError)) throw error;
    throw new GenerationError(error.path, error.problem, { kind, cause: error });
  }
}
