/** Owns how a CRD's served versions become kinds: schema, columns, subresources, and rules from the schema. */
import { objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { allVerbs } from '../resources/resource-type.ts';
import type { ResourceType, ScalePaths, Strategy } from '../resources/resource-type.ts';
import type { Schema } from '../schema/schema.ts';
import { objectMetaModel, referenceTo } from '../schema/schema.ts';
import { ageColumn, customColumn, nameColumn } from '../table/columns.ts';
import type { PrinterColumn } from '../table/columns.ts';
import { compileRules } from './cel-rules.ts';
import { checkSchema } from './validate.ts';

/** Returns one type per served version of the definition, the newest first. */
export function makeCustomTypes(definition: KubeObject): ResourceType[] {
  const spec = objectAt(definition, 'spec');
  return objectsAt(spec, 'versions')
    .filter((version) => version['served'] === true)
    .map((version) => makeCustomType(spec, version));
}

function makeCustomType(spec: JsonObject, version: JsonObject): ResourceType {
  const names = objectAt(spec, 'names');
  const subresources = objectAt(version, 'subresources');
  const group = String(spec['group']);
  const plural = String(names['plural']);
  const declared = objectAt(version, 'schema')['openAPIV3Schema'] as Schema;
  const schema = withTypeMeta(declared);
  const apiVersion = `${group}/${String(version['name'])}`;
  const withVersion = (object: KubeObject): KubeObject =>
    object.apiVersion === apiVersion ? object : { ...object, apiVersion };
  const scale = scalePaths(subresources);
  return {
    group,
    version: String(version['name']),
    kind: String(names['kind']),
    listKind: String(names['listKind']),
    plural,
    singular: String(names['singular']),
    shortNames: (names['shortNames'] ?? []) as string[],
    categories: (names['categories'] ?? []) as string[],
    namespaced: spec['scope'] === 'Namespaced',
    schema,
    hasStatus: subresources['status'] !== undefined,
    ...(scale === undefined ? {} : { scale }),
    calls: [],
    hasGeneration: true,
    custom: true,
    verbs: allVerbs,
    columns: columnsOf(version),
    selectableFields: objectsAt(version, 'selectableFields').map((field) =>
      String(field['jsonPath']).slice(1),
    ),
    strategy: customStrategy(declared, schema),
    storage: `${plural}.${group}`,
    // With the conversion strategy None, the versions of an object differ in their name alone.
    toStored: (object) => object,
    fromStored: withVersion,
  };
}

function withTypeMeta(declared: Schema): Schema {
  return {
    ...declared,
    type: 'object',
    properties: {
      ...declared.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: referenceTo(objectMetaModel),
    },
  };
}

/** The schema's own say first: rules are evaluated only on objects of the right shape. */
function customStrategy(declared: Schema, schema: Schema): Strategy {
  const { rules } = compileRules(declared);
  return {
    validate: (object) => checkSchema(object, schema, ''),
    validateRules: (object, old) => rules.check(object, old),
  };
}

function scalePaths(subresources: JsonObject): ScalePaths | undefined {
  const scale = subresources['scale'] as Record<string, string> | undefined;
  if (scale === undefined) return undefined;
  const path = (field: string): string => (scale[field] ?? '').replace(/^\./, '');
  return {
    specReplicas: path('specReplicasPath'),
    statusReplicas: path('statusReplicasPath'),
    ...(scale['labelSelectorPath'] === undefined ? {} : { labelSelector: path('labelSelectorPath') }),
  };
}

function columnsOf(version: JsonObject): ResourceType['columns'] {
  const declared = objectsAt(version, 'additionalPrinterColumns') as unknown as PrinterColumn[];
  return [nameColumn, ...(declared.length === 0 ? [ageColumn] : declared.map(customColumn))];
}
