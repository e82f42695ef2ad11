/** Owns how a schema carries what JSON Schema cannot say: CEL rules and Kubernetes' own schema extensions. */

/** A rule that the API server evaluates (Kubernetes: CustomResourceDefinition validation rules). */
export interface ValidationRule {
  readonly rule: string;
  /** What is wrong and the remedy, for the person who applied the object. */
  readonly message: string;
  readonly reason?:
    'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  readonly fieldPath?: string;
}

/** Returns metadata that puts `rules` on the schema node it is given to: `z.object({…}).meta(rules({…}))`. */
export function rules(...validations: ValidationRule[]): Record<string, unknown> {
  return { 'x-kubernetes-validations': validations };
}

/** Returns metadata of a list whose entries are told apart by `keys`, so that two field managers can share it. */
export function listMap(...keys: string[]): Record<string, unknown> {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** Metadata of a list that one field manager owns as a whole. */
export const atomicList = { 'x-kubernetes-list-type': 'atomic' };
