/** Owns the checks that a new state of an object must pass before it is stored. */
import { isDeepStrictEqual } from 'node:util';
import { invalid } from '../errors/api-error.ts';
import type { StatusCause } from '../errors/api-error.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { checkMetadata, checkMetadataUpdate } from '../objects/metadata-rules.ts';
import { invalidValue } from '../crd/validate.ts';
import type { ResourceType, StrategyContext } from '../resources/resource-type.ts';

/** @throws ApiError 422 with every violation. */
export function validateNew(type: ResourceType, object: KubeObject, context: StrategyContext): void {
  const { strategy } = type;
  const causes = [
    ...checkMetadata(object, strategy.nameRule ?? 'subdomain'),
    ...(strategy.validate?.(object, context) ?? []),
  ];
  refuse(type, object, causes);
  refuse(type, object, strategy.validateRules?.(object, undefined) ?? []);
}

/** @throws ApiError 422 with every violation. */
export function validateUpdate(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject,
  context: StrategyContext,
): void {
  const { strategy } = type;
  const metadataChanged = !isDeepStrictEqual(object.metadata, old.metadata);
  const causes = [
    ...(metadataChanged ? checkMetadata(object, strategy.nameRule ?? 'subdomain') : []),
    ...checkMetadataUpdate(object, old),
    ...(strategy.validate?.(object, context) ?? []),
    ...(strategy.validateUpdate?.(object, old) ?? []),
  ];
  refuse(type, object, causes);
  refuse(type, object, strategy.validateRules?.(object, old) ?? []);
}

function refuse(type: ResourceType, object: KubeObject, causes: readonly StatusCause[]): void {
  if (causes.length > 0) throw invalid(type, object.metadata.name, causes);
}

/** Returns a violation for each of the fields that differs. */
export function checkImmutable(
  object: KubeObject,
  old: KubeObject,
  paths: readonly string[],
  message = 'field is immutable',
): StatusCause[] {
  return paths
    .filter((path) => !isDeepStrictEqual(valueAt(object, path), valueAt(old, path)))
    .map((path) => invalidValue(valueAt(object, path), path, message));
}

/** Returns the value at a dotted path; undefined where the path ends early. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split('.').filter((part) => part !== '')) {
    value = typeof value === 'object' && value !== null ? (value as JsonObject)[name] : undefined;
  }
  return value;
}
